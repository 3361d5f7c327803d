//! The library's parts, by the clock: `cargo bench --package benches --bench library`.
#![allow(missing_docs)] // criterion's macros make functions without.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use kexec_core::memory::MemoryMap;
use kexec_core::purgatory::Implementation;
use std::hint::black_box;

/// The image, the memory map, where segments go, the core header of a crash kernel, and the plan
/// as a whole without its digest.
fn planning(criterion: &mut Criterion) {
    for name in [
        "probe",
        "map",
        "map-8000",
        "place",
        "place-8000",
        "elfcorehdr",
        "plan",
        "plan-8000",
    ] {
        let Some(mut work) = benches::work(name) else {
            continue;
        };
        criterion.bench_function(name, |bencher| bencher.iter(&mut work));
    }
    let mut map = Box::new(MemoryMap::new());
    criterion.bench_function("map-8000-downwards", |bencher| {
        bencher.iter(|| benches::add_downwards(black_box(&mut map), 8000));
    });
}

/// The digest by size and implementation.
fn digest(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("digest");
    for size in [4 << 10, 64 << 10, 1 << 20, 16 << 20] {
        let bytes = vec![7; size];
        group.throughput(Throughput::Bytes(size as u64));
        for implementation in Implementation::ALL {
            let id = BenchmarkId::new(format!("{implementation:?}"), size);
            group.bench_with_input(id, &bytes, |bencher, bytes| {
                bencher.iter(|| benches::digest(black_box(bytes), *implementation));
            });
        }
    }
    group.finish();
}

/// A plan with its digest, by size of the initrd.
fn verified(criterion: &mut Criterion) {
    let (machine, kernel) = (benches::machine(benches::IOMEM), benches::bzimage(12 << 20));
    let mut workspace = Box::new(kexec_core::plan::Workspace::new());
    let mut group = criterion.benchmark_group("plan-verified");
    for mib in [2_usize, 64, 300] {
        let initrd = vec![7; mib << 20];
        group.throughput(Throughput::Bytes((initrd.len() + kernel.len()) as u64));
        group.sample_size(10);
        group.bench_function(
            BenchmarkId::from_parameter(format!("{mib} MiB")),
            |bencher| {
                bencher.iter(|| {
                    benches::make_plan(&kernel, black_box(&initrd), true, &machine, &mut workspace)
                });
            },
        );
    }
    group.finish();
}

criterion_group!(all, planning, digest, verified);
criterion_main!(all);
