//! A plan borrows the files and the workspace: what else it was made of may go.

use super::*;

/// Compiles only if the plan borrows neither the request nor the machine, nor the list of initrds,
/// the command line, the device tree and the secret in it. With a function in place of `plan`, so
/// that the lifetimes are those of its signature.
fn made<'a>(
    plan: impl FnOnce(&Request<'_, 'a>, &Machine, &'a mut Workspace) -> Result<Plan<'a>>,
    crash: bool,
    kernel: &'a [u8],
    initrd: &'a [u8],
    workspace: &'a mut Workspace,
) -> Plan<'a> {
    let machine = if crash {
        crash::machine(crash::REGION)
    } else {
        machine(&[(0, 1), (1, 2048)])
    };
    let line = b"quiet".to_vec();
    let dtb = if crash { Vec::new() } else { vec![3; 500] };
    let secret = Box::new([5; 192]);
    let initrds = vec![initrd, initrd];
    let mut request = Request {
        kernel,
        initrds: &initrds,
        command_line: &line,
        dtb: (!dtb.is_empty()).then_some(&dtb[..]),
        digest_secret: Some(&secret),
        ..Request::default()
    };
    request.options.crash = crash.then(CrashOptions::default);
    plan(&request, &machine, workspace).unwrap()
}

#[test]
fn a_plan_outlives_request_and_machine() {
    let mut kernel = bzimage(0x8000);
    kernel[0x260..0x264].copy_from_slice(&0x10_0000_u32.to_le_bytes());
    let initrd = vec![7; 3 * 4096];
    for crash in [false, true] {
        let mut workspace = workspace();
        let plan = made(
            |request, machine, workspace| plan(request, machine, workspace),
            crash,
            &kernel,
            &initrd,
            &mut workspace,
        );
        let initrds = plan
            .segments()
            .iter()
            .filter(|segment| segment.buf == initrd);
        assert_eq!(initrds.count(), 2);
        assert!(plan.command_line().windows(5).any(|word| word == b"quiet"));
    }
    let mut workspace = workspace();
    let plan = made(
        |request, machine, workspace| {
            let request = Request {
                dtb: None,
                initrds: &request.initrds[..1],
                ..*request
            };
            plan_to_boot(&request, machine, workspace)
        },
        false,
        &kernel,
        &initrd,
        &mut workspace,
    );
    assert_eq!(plan.command_line(), b"quiet");
}
