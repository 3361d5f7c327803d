//! Numbers, names and sizes that C programs rely on, checked from Rust.

use core::ffi::CStr;
use core::mem::{MaybeUninit, align_of, offset_of, size_of};
use std::boxed::Box;
use std::collections::BTreeSet;
use std::string::{String, ToString};
use std::vec::Vec;

use kexec_core::machine::{KexecState, Lockdown, Machine, refusal};
use kexec_core::memory::MemoryKind;
use kexec_core::plan::{Note, Rule};
use kexec_core::refusal::{Advice, Refusal, Step};
use kexec_core::{Errno, Error, Narrowed};

use crate::bytes::kx_bytes;
use crate::error::{Failure, kx_error, report};
use crate::machine::{KX_MACHINE_SIZE, kx_machine};
use crate::message::{KX_MESSAGE_SIZE, kx_error_message};
use crate::object::Storage;
use crate::request::kx_request;
use crate::workspace::{KX_WORKSPACE_SIZE, kx_workspace};

fn text(pointer: *const core::ffi::c_char) -> &'static str {
    unsafe { CStr::from_ptr(pointer) }.to_str().unwrap()
}

/// One error of each kind, with the longest numbers.
fn errors() -> Vec<Error> {
    let what = "a word that stands for what it is about";
    let n = u64::MAX;
    let errno = Errno::EADDRNOTAVAIL;
    std::vec![
        Error::Truncated {
            what,
            need: n,
            have: n
        },
        Error::NotThisFormat {
            what,
            found: kexec_core::image::Format::Uki,
        },
        Error::Protocol {
            found: u16::MAX,
            need: u16::MAX
        },
        Error::BadField {
            what,
            offset: n,
            value: n
        },
        Error::NotBootable { why: what },
        Error::CommandLineTooLong {
            length: n,
            limit: n
        },
        Error::CommandLineNul { offset: n },
        Error::Full { what, capacity: n },
        Error::NoHole {
            what,
            size: n,
            align: n,
            min: n,
            max: n,
            largest: n,
            narrowed: Narrowed::Both,
        },
        Error::TooManySegments { count: n, max: n },
        Error::NoMemoryMap,
        Error::Check {
            segment: 255,
            rule: Rule::Overlap { other: 255 }
        },
        Error::File { step: what, errno },
        Error::EmptyFile,
        Error::NotAFile { what },
        Error::Syscall { call: what, errno },
        Error::NothingLoaded,
        Error::BadArgument { what },
        Error::FileChanged,
        Error::NoCrashReservation,
        Error::CrashTooSmall { have: n, need: n },
        Error::NoVmcoreinfo,
        Error::NoCrashHotplug,
        Error::Cancelled,
        Error::CopyTooLarge { need: n, limit: n },
        Error::Unknown { what },
        Error::NotBuilt { what },
    ]
}

fn all_rules() -> [Rule; 10] {
    [
        Rule::Wraps,
        Rule::Unaligned,
        Rule::PastLimit,
        Rule::Overlap { other: 7 },
        Rule::BufferTooLarge,
        Rule::TooMuchMemory,
        Rule::OutsideCrashReservation,
        Rule::NotRam,
        Rule::EntryOutside,
        Rule::KernelEntryOutside,
    ]
}

fn details(error: Error) -> (kx_error, String) {
    let mut out: kx_error = unsafe { MaybeUninit::zeroed().assume_init() };
    out.size = size_of::<kx_error>();
    let code = unsafe { report(&raw mut out, || Err(Failure::Core(error))) };
    assert_eq!(code, out.code);
    let mut buffer = [0; KX_MESSAGE_SIZE];
    let size = buffer.len();
    let length = unsafe { kx_error_message(&raw const out, buffer.as_mut_ptr(), size) };
    assert!(length > 1, "{error:?}");
    (out, text_of(&buffer))
}

fn text_of(buffer: &[core::ffi::c_char]) -> String {
    unsafe { CStr::from_ptr(buffer.as_ptr()) }
        .to_str()
        .unwrap()
        .to_string()
}

#[test]
fn every_core_error_has_its_number_and_comes_back_whole() {
    let mut codes = BTreeSet::new();
    for (index, error) in errors().into_iter().enumerate() {
        assert_eq!(usize::from(error.number()), index + 1);
        let (out, message) = details(error);
        assert_eq!(message, error.to_string());
        match error {
            Error::File { errno, .. } | Error::Syscall { errno, .. } => {
                assert_eq!(out.code, -i32::from(errno.0));
            }
            _ => {
                assert_eq!(out.code, -4096 - i32::from(error.number()));
                let name = text(crate::strerror::kx_errname(out.code));
                assert!(name.starts_with("KX_E_") && name != "KX_E_?", "{error:?}");
                assert!(codes.insert(out.code));
            }
        }
    }
    for what in refusal::ALL {
        let advice = match what {
            refusal::FIRMWARE => "; if it was not EFI, set KX_REQUEST_NO_EFI",
            _ => "",
        };
        assert_eq!(details(Error::Unknown { what }).1, [what, advice].concat());
    }
    for rule in all_rules() {
        let error = Error::Check { segment: 3, rule };
        assert_eq!(details(error).1, error.to_string());
    }
}

#[test]
fn the_message_for_an_elf_file_names_the_flag() {
    let why = kexec_core::image::AN_ELF_FILE;
    let said = details(Error::NotBootable { why }).1;
    assert!(said.ends_with("; if it is a Linux kernel (vmlinux), set KX_REQUEST_VMLINUX; if it needs nothing, KX_REQUEST_ELF_BARE"));
}

/// Advice for which this library has no text of its own names neither a system call nor a Rust
/// item.
#[test]
fn advice_is_in_the_words_of_c() {
    for advice in Advice::ALL {
        let said = crate::advice::words(*advice);
        assert!(!said.contains("kexec_") && !said.contains("::"), "{said}");
    }
}

#[test]
fn own_numbers_do_not_meet_the_cores() {
    let all: BTreeSet<i32> = crate::strerror::ALL.iter().map(|(code, _)| *code).collect();
    assert_eq!(all.len(), crate::strerror::ALL.len());
    let cores = errors().len() as i32;
    for (code, name) in crate::strerror::ALL {
        assert!(*code >= -4096 - cores || *code <= -4196, "{name}");
        assert_eq!(text(crate::strerror::kx_errname(*code)), *name);
    }
}

#[test]
fn notes_and_explanations_fit_the_sizes_that_suffice() {
    let notes = [
        Note::SetupTypeLeftOut {
            kind: kexec_core::boot::SetupType(u32::MAX),
            max: u32::MAX,
        },
        Note::NoEfi {
            why: "/sys/firmware/efi lacks tables or the runtime map (efi=noruntime?)",
        },
        Note::NoRngSeed,
        Note::NoIomem,
        Note::NoBootParams,
        Note::NotVerified,
        Note::NoKcore,
        Note::CpusUnread { count: u32::MAX },
        Note::EfiUnread,
        Note::NoRsdp,
        Note::MemoryFromIomem,
        Note::NoCommandLine,
        Note::NoCpuNotes,
        Note::CmaUnread,
        Note::CpusWithoutNotes { count: u32::MAX },
        Note::LowMemoryLost,
        Note::LowMemoryCopied,
        Note::Hotplug,
    ];
    let mut codes = BTreeSet::new();
    for note in notes {
        let numbers = crate::note::numbered(&note);
        assert!(codes.insert(numbers.code));
        assert_eq!(numbers.flags != 0, note.is_warning());
        assert!(note.to_string().len() < crate::note::KX_NOTE_SIZE, "{note}");
    }
    assert_eq!(codes, (1..=18).collect());
    for lockdown in [Lockdown::None, Lockdown::Integrity] {
        let state = KexecState {
            lockdown,
            ..KexecState::NONE
        };
        for step in [
            Step::Load,
            Step::FileLoad,
            Step::Exec,
            Step::CrashLoad,
            Step::CrashFileLoad,
        ] {
            for errno in 1..4096 {
                let Some(refusal) = Refusal::explain(step, Errno(errno), &state) else {
                    continue;
                };
                let mut words = String::new();
                let policy = crate::explain::POLICY;
                refusal
                    .write(&mut words, crate::advice::words, policy)
                    .unwrap();
                assert!(words.len() < crate::explain::KX_EXPLANATION_SIZE, "{words}");
                assert!(!words.contains("::"), "{words}");
                assert!(!words.contains("; kexec_load"), "{words}");
            }
        }
    }
}

#[test]
fn names_are_the_cores() {
    for kind in [1, 2, 3, 4, 5, 7, 12, 0xefff_ffff, 6, 99] {
        let name = text(crate::machine_maps::kx_memory_kind_name(kind));
        assert_eq!(name, MemoryKind(kind).name());
    }
    for kind in 0..20 {
        let name = text(crate::inspect::kx_setup_type_name(kind));
        assert_eq!(name, kexec_core::boot::SetupType(kind).name());
    }
    for format in kexec_core::image::Format::ALL {
        let name = text(crate::image::kx_format_name(format.number().into()));
        assert_eq!(name, format.name());
    }
    assert_eq!(
        text(crate::version::kx_version_string()),
        env!("CARGO_PKG_VERSION")
    );
}

/// Storage holds zeros before it becomes an object, so all zeros must be a valid value.
#[test]
fn zeros_are_a_machine() {
    let mut machine = unsafe { Box::<Machine>::new_zeroed().assume_init() };
    let read = std::format!("{machine:?}");
    assert!(read.contains("source: None") && read.contains("lockdown: Unknown"));
    machine.clear();
    assert_eq!(
        std::format!("{machine:?}"),
        std::format!("{:?}", Box::new(Machine::new()))
    );
}

#[test]
fn sizes_and_offsets() {
    assert_eq!(size_of::<kx_bytes>(), 16);
    assert_eq!(size_of::<kx_request>(), 192);
    assert_eq!(offset_of!(kx_request, progress), 136);
    assert_eq!(offset_of!(kx_request, serial_baud), 184);
    assert_eq!(size_of::<kx_error>(), 80);
    assert_eq!(offset_of!(kx_error, numbers), 32);
    assert_eq!(size_of::<crate::image::kx_image>(), 592);
    assert_eq!(offset_of!(crate::image::kx_image, version), 80);
    assert_eq!(size_of::<crate::machine_info::kx_machine_info>(), 304);
    assert_eq!(
        offset_of!(crate::machine_info::kx_machine_info, loaded),
        240
    );
    assert_eq!(size_of::<crate::machine_info::kx_memory>(), 32);
    assert_eq!(size_of::<crate::machine_input::kx_efi_descriptor>(), 48);
    assert_eq!(size_of::<crate::inspect::kx_segment>(), 48);
    assert_eq!(size_of::<crate::inspect::kx_plan_info>(), 80);
    assert_eq!(offset_of!(crate::inspect::kx_plan_info, digest), 48);
    assert_eq!(size_of::<crate::check::kx_limits>(), 48);
    assert_eq!(size_of::<crate::hold::kx_held>(), 80);
    assert_eq!(offset_of!(crate::hold::kx_held, stamp), 40);
    assert_eq!(size_of::<crate::note::kx_note>(), 32);
    assert_eq!(size_of::<crate::crash_info::kx_crash_info>(), 88);
    assert_eq!(offset_of!(crate::crash_info::kx_crash_info, ram), 48);
    assert_eq!(size_of::<kx_machine>(), KX_MACHINE_SIZE);
    assert_eq!(size_of::<kx_workspace>(), KX_WORKSPACE_SIZE);
    assert_eq!(
        (align_of::<kx_machine>(), align_of::<kx_workspace>()),
        (8, 8)
    );
    // The size is compiled into programs. Facts may fill half of the storage; using more needs a
    // decision about a new SONAME.
    const { assert!(kx_machine::SIZE <= KX_MACHINE_SIZE / 2) };
    const { assert!(kx_workspace::SIZE <= KX_WORKSPACE_SIZE) };
}

/// Each KX_SOURCE_* has the number of a row of the core's table of sources, and names its file.
#[test]
fn sources_are_those_of_the_table() {
    use kexec_core::machine::sources::ALL;
    let text = include_str!("machine_input.rs");
    let mut found = std::collections::BTreeSet::new();
    let mut documented = std::string::String::new();
    for line in text.lines() {
        if let Some(words) = line.strip_prefix("///") {
            documented.push_str(words);
            continue;
        }
        if let Some(rest) = line.strip_prefix("pub const KX_SOURCE_") {
            let (name, number) = rest.split_once(": u32 = ").unwrap();
            let number: u32 = number.trim_end_matches(';').parse().unwrap();
            let row = ALL.iter().find(|row| row.numbers.contains(&number));
            let mut paths = row.expect(name).paths();
            assert!(
                paths.any(|path| documented.contains(&std::format!("/{}", path.to_str().unwrap()))),
                "{name}: {documented}"
            );
            assert!(found.insert(number));
        }
        documented.clear();
    }
    let table = ALL.iter().flat_map(|row| row.numbers.iter().copied());
    assert_eq!(found, table.collect());
}
