//! The whole command by size of the initrd: `cargo bench --package benches --bench command`,
//! after `cargo build --release`. It makes the plan and prints it (`--dry-run`), which takes no
//! privilege and loads nothing; for the load itself there is `cargo xtask compare`.
#![allow(missing_docs)] // criterion's macros make functions without.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::path::Path;
use std::process::{Command, Stdio};

fn preparation(criterion: &mut Criterion) {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    let command = target.join("release/kexec");
    if !command.is_file() {
        eprintln!("skipped: build the command first, cargo build --release");
        return;
    }
    let directory = target.join("benches");
    std::fs::create_dir_all(&directory).expect("the target directory can be written");
    let kernel = directory.join("kernel");
    std::fs::write(&kernel, benches::bzimage(12 << 20)).expect("the kernel can be written");
    let mut group = criterion.benchmark_group("command");
    group.sample_size(10);
    for mib in [2_u64, 64, 300] {
        let initrd = directory.join(format!("initrd-{mib}"));
        let file = std::fs::File::create(&initrd).expect("the initrd can be made");
        file.set_len(mib << 20).expect("the initrd can be made");
        group.throughput(Throughput::Bytes((mib + 12) << 20));
        for (name, option) in [("verified", None), ("unverified", Some("-i"))] {
            let id = BenchmarkId::new(name, format!("{mib} MiB"));
            group.bench_function(id, |bencher| {
                bencher.iter(|| {
                    let status = Command::new(&command)
                        .args(["--dry-run", "-c", "-l"])
                        .arg(&kernel)
                        .arg(format!("--initrd={}", initrd.display()))
                        .args(option)
                        .stdout(Stdio::null())
                        .status();
                    assert!(status.is_ok_and(|status| status.success()));
                });
            });
        }
    }
    group.finish();
}

criterion_group!(all, preparation);
criterion_main!(all);
