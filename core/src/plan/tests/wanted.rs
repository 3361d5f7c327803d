//! What a request wants of the image: format, architecture, entry, modules.

use super::*;
use crate::arch::Arch;
use kexec_testing::elf_kernel;

fn planned(kernel: &[u8], change: impl Fn(&mut Request<'_, '_>)) -> Result<u64> {
    let mut workspace = workspace();
    let mut request = request(kernel, &[]);
    change(&mut request);
    plan(&request, &machine(&[(1, 1024)]), &mut workspace).map(|plan| plan.kernel_entry)
}

#[test]
fn the_format_must_be_the_images() {
    let (bz, elf) = (bzimage(0x8000), elf_kernel(&[0; 0x1000]));
    let as_format = |kernel: &[u8], format| {
        planned(kernel, |request| request.options.format = Some(format)).map(|_| ())
    };
    assert_eq!(as_format(&bz, Format::BzImage), Ok(()));
    assert_eq!(as_format(&elf, Format::Vmlinux), Ok(()));
    for (kernel, format, found) in [
        (&bz, Format::Vmlinux, Format::BzImage),
        (&elf, Format::BzImage, Format::Elf),
    ] {
        match as_format(kernel, format).unwrap_err() {
            Error::NotThisFormat { found: is, .. } => assert_eq!(is, found),
            other => panic!("{format}: {other}"),
        }
    }
    for format in [Format::Vmlinux, Format::BzImage] {
        assert_eq!(as_format(b"", format), Err(Error::EmptyFile));
    }
    // Whatever the file is: nothing else is started.
    for format in Format::ALL {
        if format.is_started() {
            continue;
        }
        let refused = as_format(&bz, *format).unwrap_err();
        assert!(matches!(refused, Error::BadArgument { what } if what.contains("format")));
    }
    // An ELF file is a kernel only if somebody says so.
    assert_eq!(
        planned(&elf, |_| ()),
        Err(Error::NotBootable {
            why: crate::image::AN_ELF_FILE
        })
    );
    assert!(planned(&elf, |request| request.options.elf = Some(ElfAs::Linux)).is_ok());
    assert!(planned(&bz, |request| request.options.elf = Some(ElfAs::Linux)).is_ok());
}

#[test]
fn architecture_and_entry_must_be_the_images() {
    for (kernel, format) in [
        (bzimage(0x8000), Format::BzImage),
        (elf_kernel(&[0; 0x1000]), Format::Vmlinux),
    ] {
        let chosen = planned(&kernel, |request| request.options.format = Some(format));
        let said = |arch, entry| {
            planned(&kernel, |request| {
                request.options.format = Some(format);
                (request.options.arch, request.options.entry) = (arch, entry);
            })
        };
        assert!(chosen.is_ok());
        assert_eq!(said(Some(Arch::X86_64), Some(Entry::X86Long)), chosen);
        for arch in [Arch::Arm64, Arch::Riscv64] {
            assert_eq!(
                said(Some(arch), None),
                Err(Error::NotBootable {
                    why: "the image is for another architecture than the request says"
                })
            );
        }
        for (entry, word) in [
            (Entry::X86Protected, "no 32-bit entry"),
            (Entry::X86Real, "no real-mode entry"),
        ] {
            if (entry, format) == (Entry::X86Real, Format::BzImage) {
                // It has one.
                continue;
            }
            let refused = said(None, Some(entry)).unwrap_err();
            assert!(matches!(refused, Error::BadArgument { what } if what.contains(word)));
        }
    }
}

#[test]
fn a_linux_image_takes_no_modules() {
    let modules = [Module {
        bytes: b"file",
        arguments: b"line",
    }];
    let kernel = bzimage(0x8000);
    let mut request = request(&kernel, &[]);
    request.modules = &modules;
    let refused = plan(&request, &machine(&[(1, 1024)]), &mut workspace()).unwrap_err();
    assert!(matches!(refused, Error::BadArgument { what } if what.contains("multiboot")));
}

#[test]
fn to_boot_takes_its_own_image_only() {
    let kernel = bzimage(0x8000);
    let modules = [Module::default()];
    let mut workspace = workspace();
    let mut to_boot = |change: &dyn Fn(&mut Request<'_, '_>)| {
        let mut request = Request {
            modules: &[],
            ..request(&kernel, &[])
        };
        change(&mut request);
        let planned = plan_to_boot(&request, &machine(&[(1, 1024)]), &mut workspace);
        planned.map(|_| ())
    };
    assert_eq!(
        to_boot(&|request| {
            request.options.format = Some(Format::BzImage);
            request.options.arch = Some(Arch::X86_64);
            request.options.entry = Some(Entry::X86Long);
        }),
        Ok(())
    );
    let refused: [&dyn Fn(&mut Request<'_, '_>); 4] = [
        &|request| request.options.format = Some(Format::Vmlinux),
        &|request| request.options.arch = Some(Arch::Arm64),
        &|request| request.options.entry = Some(Entry::X86Real),
        &|request| request.options.elf = Some(ElfAs::Linux),
    ];
    for change in refused {
        let refused = to_boot(change).unwrap_err();
        assert!(matches!(refused, Error::BadArgument { .. }), "{refused}");
    }
    let request = Request {
        modules: &modules,
        ..request(&kernel, &[])
    };
    let refused = plan_to_boot(&request, &machine(&[(1, 1024)]), &mut workspace).unwrap_err();
    assert!(matches!(refused, Error::BadArgument { .. }), "{refused}");
}
