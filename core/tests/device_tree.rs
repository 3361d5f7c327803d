//! Device trees that core reads and writes, against dtc: the reference compiler makes the trees, and
//! reads the copies.

#![allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::expect_used
)]

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use kexec_core::fdt::{Edits, Fdt, Property, Reservation};

/// dtc: the installed one, or the one that `cargo xtask test unit` has unpacked.
struct Dtc(Vec<String>);

impl Dtc {
    fn find() -> Option<Self> {
        let installed = Command::new("dtc").arg("--version").output();
        if installed.is_ok_and(|output| output.status.success()) {
            return Some(Self(vec!["dtc".to_owned()]));
        }
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or("target".into());
        let tree = root.join(target).join("xtask/dtc");
        let path = |path: &str| tree.join(path).to_str().unwrap().to_owned();
        if !Path::new(&path("usr/bin/dtc")).is_file() {
            kexec_testing::not_tested("device trees against dtc: there is no dtc");
            return None;
        }
        Some(Self(vec![
            path("usr/lib64/ld-linux-x86-64.so.2"),
            "--library-path".to_owned(),
            path("usr/lib/x86_64-linux-gnu"),
            path("usr/bin/dtc"),
        ]))
    }

    /// What it makes of its input; `None` if it refuses it.
    fn run(&self, arguments: &[&str], input: &[u8]) -> Option<Vec<u8>> {
        let mut child = Command::new(&self.0[0])
            .args(&self.0[1..])
            .args(["--quiet", "--quiet", "--force"])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        let output = child.wait_with_output().unwrap();
        output.status.success().then_some(output.stdout)
    }

    fn blob(&self, source: &str, padding: &str) -> Vec<u8> {
        let arguments = ["-I", "dts", "-O", "dtb", "-p", padding];
        self.run(&arguments, source.as_bytes()).unwrap()
    }

    /// As source, sorted by name.
    fn source(&self, blob: &[u8]) -> String {
        let arguments = ["-I", "dtb", "-O", "dts", "--sort"];
        String::from_utf8(self.run(&arguments, blob).unwrap()).unwrap()
    }
}

/// A machine: `reserved` stands before its root, `chosen` in /chosen.
fn machine(reserved: &str, chosen: &str) -> String {
    let mut cpus = String::new();
    for cpu in 0..64 {
        cpus += &format!(
            "cpu@{cpu:x} {{ device_type = \"cpu\"; reg = <0 {cpu}>; enable-method = \"psci\"; }};"
        );
    }
    format!(
        "/dts-v1/; {reserved} / {{ #address-cells = <2>; #size-cells = <2>; \
         compatible = \"linux,dummy-virt\"; empty; \
         memory@40000000 {{ device_type = \"memory\"; reg = <0 0x40000000 0 0x40000000>; }}; \
         cpus {{ #address-cells = <2>; #size-cells = <0>; {cpus} }}; \
         chosen {{ {chosen} stdout-path = \"/pl011@9000000\"; node {{ a = [01 02 03]; }}; }}; \
         pl011@9000000 {{ compatible = \"arm,pl011\", \"arm,primecell\"; }}; }};"
    )
}

#[test]
fn dtc_reads_an_edited_copy_as_the_tree_it_should_be() {
    let Some(dtc) = Dtc::find() else { return };
    let before = machine(
        "/memreserve/ 0x48000000 0x200000; /memreserve/ 0x9000 0x1000;",
        "bootargs = \"quiet\"; kaslr-seed = <0 0>; linux,initrd-start = <0x48000000>; \
         linux,initrd-end = <0x48200000>; linux,elfcorehdr = <0 1 0 2>;",
    );
    let after = machine(
        "/memreserve/ 0x9000 0x1000; /memreserve/ 0x100000000 0x1000;",
        "bootargs = \"root=/dev/vda\"; kaslr-seed = <0x01020304 0x05060708>; \
         linux,initrd-start = <1 0>; linux,initrd-end = <1 0x1000>; rng-seed = [aa bb cc];",
    );
    let set = [
        ("linux,initrd-start", &[0, 0, 0, 1, 0, 0, 0, 0][..]),
        ("linux,initrd-end", &[0, 0, 0, 1, 0, 0, 0x10, 0]),
        ("bootargs", b"root=/dev/vda\0"),
        ("kaslr-seed", &[1, 2, 3, 4, 5, 6, 7, 8]),
        ("rng-seed", &[0xaa, 0xbb, 0xcc]),
    ];
    let set = set.map(|(name, value)| Property {
        name: name.as_bytes(),
        value,
    });
    let edits = Edits {
        set: &set,
        remove: &[b"linux,elfcorehdr"],
        reserve: &[Reservation {
            address: 0x1_0000_0000,
            size: 0x1000,
        }],
        release: &[Reservation {
            address: 0x4800_0000,
            size: 0x20_0000,
        }],
    };
    // As QEMU's: with room of 1 MiB, of which nothing is left in the copy.
    let blob = dtc.blob(&before, "1000000");
    assert!(blob.len() > 1_000_000);
    let fdt = Fdt::parse(&blob).unwrap();
    let mut out = vec![0; fdt.room(&edits)];
    let size = fdt.edit(&edits, &mut out).unwrap();
    assert!(size < 16 << 10, "{size}");
    let expected = dtc.blob(&after, "0");
    assert_eq!(dtc.source(&out[..size]), dtc.source(&expected));
    // Without edits it is the tree that it was.
    let size = fdt.edit(&Edits::NONE, &mut out).unwrap();
    assert_eq!(dtc.source(&out[..size]), dtc.source(&blob));
}

#[test]
fn what_is_read_after_damage_is_what_dtc_reads() {
    let Some(dtc) = Dtc::find() else { return };
    let whole = dtc.blob(
        &machine("/memreserve/ 0x9000 0x1000;", "bootargs = \"a\";"),
        "0",
    );
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |bound: usize| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (random >> 33) as usize % bound
    };
    let (mut same, mut refused) = (0, 0);
    for _ in 0..400 {
        let mut blob = whole.clone();
        let at = next(blob.len());
        blob[at] = next(256) as u8;
        let Ok(fdt) = Fdt::parse(&blob) else {
            refused += 1;
            continue;
        };
        let mut out = vec![0; fdt.room(&Edits::NONE)];
        let size = fdt.edit(&Edits::NONE, &mut out).unwrap();
        // dtc is stricter with names; what it reads at all, it reads alike.
        let arguments = ["-I", "dtb", "-O", "dts"];
        if let Some(source) = dtc.run(&arguments, &blob) {
            assert_eq!(Some(source), dtc.run(&arguments, &out[..size]), "byte {at}");
            same += 1;
        }
    }
    assert!(same > 100 && refused > 20, "{same} {refused}");
}
