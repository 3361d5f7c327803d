use super::*;
use std::boxed::Box;
use std::vec::Vec;

#[test]
fn cpu_lists() {
    let list = |text: &str| Some(cpu_list(text.as_bytes())?.collect::<Vec<_>>());
    assert_eq!(list("0\n"), Some(Vec::from([0])));
    assert_eq!(
        list("0-3,8,10-11\n"),
        Some(Vec::from([0, 1, 2, 3, 8, 10, 11]))
    );
    // Half of such a list would leave CPUs out of the dump without a word.
    for bad in [
        "",
        "\n",
        "x",
        "-1",
        "0-",
        "1-x",
        "3-0",
        "5-4,7",
        "0,x,2",
        "0,",
        "1,0",
        "0-3,3",
        "0-4294967296",
    ] {
        assert_eq!(list(bad), None, "{bad:?}");
    }
    assert_eq!(list("0-8191\n").unwrap().len(), 8192);
}

#[test]
fn three_formats_of_numbers() {
    assert_eq!(crash_notes(b"3fc10400\n"), Some(0x3fc1_0400));
    assert_eq!(crash_notes(b"0\n"), None);
    assert_eq!(decimal_size(b"368\n"), Some(368));
    assert_eq!(decimal_size(b"-1\n"), None);
    // 0x1024 bytes: 4132, not 1024.
    let note = vmcoreinfo(b"0x0000000100c66000 1024\n").unwrap();
    assert_eq!((note.start(), note.size()), (0x1_00c6_6000, 4132));
    for bad in [&b""[..], b"0x1000", b"0x0 1024", b"0x1000 0", b"x y"] {
        assert_eq!(vmcoreinfo(bad), None, "{bad:?}");
    }
}

#[test]
fn releases() {
    for (text, number) in [
        ("6.12.107+deb13-amd64\n", Some((6, 12))),
        ("7.0-rc1", Some((7, 0))),
        ("5.4", Some((5, 4))),
        ("5", None),
        ("", None),
        (".4", None),
    ] {
        assert_eq!(crate::text::release(text.as_bytes()), number, "{text:?}");
    }
}

#[test]
fn cma_ranges() {
    let mut dump = Box::new(Dump::new());
    assert!(dump.set_cma(b"140000000-14fffffff\n160000000-16fffffff\n"));
    let ranges: Vec<_> = dump.cma().iter().map(|r| (r.start(), r.last())).collect();
    assert_eq!(
        ranges,
        [
            (0x1_4000_0000, 0x1_4fff_ffff),
            (0x1_6000_0000, 0x1_6fff_ffff)
        ]
    );
    assert!(dump.set_cma(b""));
    assert_eq!(dump.cma(), []);
    assert_eq!(dump.cma_known, Known::Yes);
    // Half of them is none.
    for bad in [&b"1000-1fff\n".repeat(17)[..], b"1000-1fff\nx\n", b"2-1\n"] {
        assert!(!dump.set_cma(bad));
        assert_eq!((dump.cma(), dump.cma_known), (&[][..], Known::No));
    }
}

#[test]
fn more_cpus_than_there_can_be() {
    let mut notes = Box::new(CpuNotes::new());
    for cpu in 0..CpuNotes::CAPACITY {
        notes.add(cpu as u64);
    }
    assert!(!notes.full);
    notes.add(1);
    assert!(notes.full);
    notes.clear();
    assert!(!notes.full && notes.addresses().is_empty());
}
