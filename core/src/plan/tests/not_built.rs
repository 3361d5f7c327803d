//! In a build without the purgatory that verifies (core/build.rs), which the step `hosts` of
//! `cargo xtask test` makes.

use super::*;

#[test]
fn no_plan_is_made_that_would_not_be_verified() {
    let kernel = bzimage(0x8000);
    let machine = machine(&[(0, 1), (1, 2048)]);
    let mut request = request(&kernel, &[]);
    for verify in [true, false] {
        request.options.verify = verify;
        let refused = plan(&request, &machine, &mut workspace()).unwrap_err();
        assert!(matches!(refused, Error::NotBuilt { .. }));
        let text = refused.to_string();
        assert!(text.contains("rustup target add x86_64-unknown-linux-gnu"));
    }
}

#[test]
fn the_bare_purgatory_is_in_every_build() {
    let kernel = bzimage(0x8000);
    let machine = machine(&[(0, 1), (1, 2048)]);
    let mut workspace = workspace();
    let plan = plan_to_boot(&request(&kernel, &[]), &machine, &mut workspace).unwrap();
    let purgatory = plan.segments().last().unwrap();
    assert_eq!(
        (purgatory.kind, purgatory.buf.len()),
        (SegmentKind::Purgatory, 152)
    );
    // cli, cld
    assert!(purgatory.buf.starts_with(&[0xfa, 0xfc]));
    plan.check().unwrap();
}
