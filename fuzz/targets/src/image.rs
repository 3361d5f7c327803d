//! Kernel images: any bytes, and files made of fields.

use arbitrary::Unstructured;
use kexec_core::Error;
use kexec_core::image::{BzImage, Elf, Entry, Format, Kernel, PROBED, Vmlinux, probe};

use crate::kernel::{self, Image};
use crate::random::Random;

/// Files: images as kernels have them, and beginnings of others.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = shapes()
        .iter()
        .flat_map(|shape| {
            let bz = Unstructured::new(shape).arbitrary::<kernel::BzImage>();
            let elf = Unstructured::new(shape).arbitrary::<kernel::Vmlinux>();
            [bz.map(|image| image.file()), elf.map(|image| image.file())]
        })
        .flatten()
        .filter(|file| file.len() <= 8192)
        .collect();
    let magics: [&[u8]; 13] = [
        b"\x1f\x8b\x08\0",
        b"\xfd7zXZ\0",
        b"\x28\xb5\x2f\xfd",
        b"BZh91AY",
        b"\x04\x22\x4d\x18",
        b"\x89LZO\0\r\n",
        b"\x5d\0\0\0\x01",
        b"MZ\0\0zimggzip",
        b"070701",
        b"!<arch>\n",
        b"hsqs",
        b"\x02\xb0\xad\x1b\x03\0\0\0\xfb\x4f\x52\xe4",
        b"\xd6\x50\x52\xe8\0\0\0\0\x18\0\0\0\x12\xaf\xad\x17",
    ];
    seeds.extend(magics.map(<[u8]>::to_vec));
    seeds
}

/// Inputs that become fields.
pub fn shapes() -> Vec<Vec<u8>> {
    let mut seeds = Random::inputs(3, &[4, 16, 48], 12);
    seeds.extend((0..8).map(|length| vec![0; length]));
    seeds
}

/// Any file.
pub fn run(file: &[u8]) {
    let _ = probe(file).advice();
    for vmlinux in [false, true] {
        if let Ok(image) = Kernel::parse(file, vmlinux) {
            sound(file, &image);
        }
    }
    probed(file);
    let elf = file.starts_with(b"\x7fELF");
    assert_eq!(Elf::is_elf(file), elf);
    if let Ok(image) = BzImage::parse(file) {
        assert!(image.version_string().len() < 256);
        assert!(!format!("{image:?}").is_empty());
        assert_eq!(image.kernel().as_ptr_range().end, file.as_ptr_range().end);
    }
    if let Err(error) = Vmlinux::parse(file) {
        assert_eq!(matches!(error, Error::NotThisFormat { .. }), !elf);
    }
}

/// What a file looks like fits what is accepted, and does not depend on what is beyond.
fn probed(file: &[u8]) {
    let format = probe(file);
    assert_eq!(probe(&file[..file.len().min(PROBED)]), format);
    assert_eq!(Format::from_number(format.number().into()), Some(format));
    for asked in Format::ALL {
        match Kernel::parse_as(file, *asked) {
            Ok(image) => {
                assert_eq!(image.format(), *asked);
                let elf = matches!(
                    format,
                    Format::Elf | Format::Multiboot1 | Format::Multiboot2
                );
                match asked {
                    Format::BzImage => assert_eq!(format, Format::BzImage),
                    Format::Vmlinux => assert!(elf, "{format}"),
                    other => panic!("{other}"),
                }
            }
            // Named as what it is.
            Err(Error::NotThisFormat { found, .. }) => assert_eq!(found, format),
            Err(_) => {}
        }
    }
}

/// What must hold of every image that is accepted.
fn sound(file: &[u8], image: &Kernel<'_>) {
    let all = file.as_ptr_range();
    let entry = match image {
        Kernel::BzImage(kernel) if !image.entries().contains(&Entry::X86Long) => {
            // In real mode the entry is in the setup code.
            kernel.code32_offset().unwrap_or_default()
        }
        _ => image.entry_offset(),
    };
    assert!(image.alignment().is_power_of_two());
    let (mut count, mut next, mut loaded) = (0, 0, false);
    for (bytes, offset, size) in image.parts() {
        let part = bytes.as_ptr_range();
        assert!(bytes.is_empty() || all.start <= part.start && part.end <= all.end);
        assert!(bytes.len() as u64 <= size, "more bytes than memory");
        assert!(offset >= next && offset % 4096 == 0, "parts overlap");
        next = offset
            .checked_add(size)
            .expect("a part past the last address");
        loaded |= offset <= entry && entry - offset < bytes.len() as u64;
        count += 1;
    }
    assert_eq!(count, image.segments());
    assert!(next <= image.size());
    assert!(
        loaded,
        "the entry, at {entry:#x}, lies in no bytes of the file"
    );
    assert!(image.setup_header().len() <= 0x290 - 0x1f1);
}

/// A bzImage of fields.
pub fn run_bzimage(data: &[u8]) {
    let Ok(image) = Unstructured::new(data).arbitrary::<kernel::BzImage>() else {
        return;
    };
    let file = image.file();
    let loaded = file.len() - image.setup();
    // What the protocol asks for (Documentation/arch/x86/boot.rst).
    let good = file.len() > 0x290
        && loaded > 0x200
        && image.alignment.is_power_of_two()
        && u64::from(image.init_size) >= loaded as u64
        && image.xloadflags & 1 != 0
        && (image.relocatable || image.pref_address % 4096 == 0);
    match BzImage::parse(&file) {
        Ok(parsed) => {
            assert!(good, "{image:?}");
            assert_eq!(parsed.kernel(), &file[image.setup()..]);
            assert_eq!(parsed.alignment(), image.alignment.into());
            assert_eq!(parsed.relocatable(), image.relocatable);
            assert_eq!(parsed.xloadflags(), image.xloadflags);
            assert_eq!(parsed.pref_address(), image.pref_address);
            assert_eq!(parsed.init_size(), image.init_size.into());
            assert_eq!(parsed.cmdline_size(), image.cmdline_size.into());
            sound(&file, &Kernel::BzImage(parsed));
        }
        Err(error) => assert!(!good, "{error}: {image:?}"),
    }
}

/// An ELF kernel of headers.
pub fn run_vmlinux(data: &[u8]) {
    let Ok(image) = Unstructured::new(data).arbitrary::<kernel::Vmlinux>() else {
        return;
    };
    let file = image.file();
    let loads = image.loads.iter().filter(|load| load.in_memory != 0);
    let memory = loads.clone().map(|load| {
        let start = u128::from(load.address);
        (start, start + u128::from(load.in_memory))
    });
    let mut memory: Vec<_> = memory.collect();
    memory.sort_unstable();
    let pages = |end: u128| end.next_multiple_of(4096);
    let ends = memory.iter().all(|(_, end)| pages(*end) < 1 << 64);
    let apart = memory.windows(2).all(|two| two[0].1 <= two[1].0);
    let shared = memory.windows(2).any(|two| pages(two[0].1) > two[1].0);
    let aligned = memory.iter().all(|(start, _)| start % 4096 == 0);
    let entry = Image::Vmlinux(image.clone()).entry().is_some();
    match Kernel::parse(&file, true) {
        Ok(parsed) => {
            assert!(ends && apart && entry, "{image:x?}");
            let Kernel::Vmlinux(kernel) = &parsed else {
                panic!("no vmlinux")
            };
            assert!(shared || kernel.loads().len() == loads.clone().count());
            assert_eq!(kernel.range().start() + parsed.entry_offset(), image.entry);
            image.loads_as(&file, kernel.range().start(), kernel.loads());
            sound(&file, &parsed);
        }
        Err(error) => assert!(
            !(ends && apart && entry && aligned && !shared),
            "{error}: {image:x?}"
        ),
    }
}
