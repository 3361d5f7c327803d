use super::*;

#[test]
fn a_request_is_laid_out_as_the_kernel_wants_it() {
    let bytes = message(RTM_NEWLINK, 4, 7, IFF_UP);
    assert_eq!(u32_at(&bytes, 0), 32);
    assert_eq!(u16_at(&bytes, 4), RTM_NEWLINK);
    assert_eq!(u16_at(&bytes, 6), NLM_F_REQUEST | 4);
    assert_eq!(u32_at(&bytes, 20), 7);
    assert_eq!(u32_at(&bytes, 24), 0);
    assert_eq!(u32_at(&bytes, 28), IFF_UP);
}

fn ip(arguments: &str) -> Option<std::string::String> {
    let output = std::process::Command::new("ip")
        .args(arguments.split(' '))
        .output()
        .ok()?;
    let text = std::string::String::from_utf8_lossy(&output.stdout).into_owned();
    output.status.success().then_some(text)
}

/// In a network of its own, or not at all: where this is not allowed nothing is tested.
#[test]
fn takes_all_down_but_loopback() {
    std::thread::spawn(|| {
        const CLONE_NEWNET: usize = 0x4000_0000;
        let namespace = || std::fs::read_link("/proc/thread-self/ns/net").unwrap();
        let before = namespace();
        // SAFETY: unshare(2) takes no pointer.
        unsafe { arch::syscall(raw::__NR_unshare, [CLONE_NEWNET, 0, 0, 0, 0, 0]) };
        if namespace() == before || ip("link add v0 type veth peer name v1").is_none() {
            kexec_testing::not_tested("interfaces down: needs root, ip(8) and veth");
            return;
        }
        for name in ["lo", "v0", "v1"] {
            ip(&std::format!("link set {name} up")).unwrap();
        }
        assert_eq!(ip("-o link show up").unwrap().lines().count(), 3);
        assert_eq!(interfaces_down(), Ok(2));
        let up = ip("-o link show up").unwrap();
        assert!(up.contains("lo:") && up.lines().count() == 1, "{up}");
        assert_eq!(interfaces_down(), Ok(0));
    })
    .join()
    .unwrap();
}
