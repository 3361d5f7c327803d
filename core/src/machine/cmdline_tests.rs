use super::*;
use std::string::{String, ToString};
use std::vec::Vec;

fn reuse(line: &str, crash: bool) -> String {
    let mut buffer = std::vec![0; line.len()];
    let kept = reuse_command_line(line.as_bytes(), crash, &mut buffer).unwrap();
    String::from_utf8(kept.to_vec()).unwrap()
}

#[test]
fn a_usual_line() {
    let line = "BOOT_IMAGE=/vmlinuz-6.12 root=/dev/vda1 ro  quiet crashkernel=256M console=ttyS0\n";
    assert_eq!(
        reuse(line, false),
        "root=/dev/vda1 ro quiet crashkernel=256M console=ttyS0"
    );
    assert_eq!(reuse(line, true), "root=/dev/vda1 ro quiet console=ttyS0");
}

#[test]
fn every_crashkernel_goes_and_only_that() {
    let line =
        "nocrashkernel=1 crashkernel=1G,high crashkernel=256M,low crashkernel_x=1 crashkernel";
    assert_eq!(
        reuse(line, true),
        "nocrashkernel=1 crashkernel_x=1 crashkernel"
    );
    assert_eq!(reuse("crashkernel=1G", true), "");
}

#[test]
fn quotes_hold_words_together() {
    let line = r#"dyndbg="file a.c +p; BOOT_IMAGE=x" "BOOT_IMAGE=/a b" x="crashkernel=1 " last"#;
    assert_eq!(
        reuse(line, true),
        r#"dyndbg="file a.c +p; BOOT_IMAGE=x" x="crashkernel=1 " last"#
    );
    assert_eq!(
        reuse("a \"open crashkernel=1", true),
        "a \"open crashkernel=1"
    );
}

#[test]
fn what_kexec_added_goes_always() {
    let line = "ro elfcorehdr=0x7f000000 dmcryptkeys=0x1 kexec_jump_back_entry=0x2 noelfcorehdr=3";
    assert_eq!(reuse(line, false), "ro noelfcorehdr=3");
}

#[test]
fn behind_two_dashes_init_keeps_its_words() {
    let line = "BOOT_IMAGE=a ro -- BOOT_IMAGE=b crashkernel=1M single";
    assert_eq!(
        reuse(line, false),
        "ro -- BOOT_IMAGE=b crashkernel=1M single"
    );
    assert_eq!(reuse(line, true), "ro -- BOOT_IMAGE=b single");
}

#[test]
fn ends_of_files_are_no_words() {
    assert_eq!(reuse("ro\n\0\n", false), "ro");
    assert_eq!(reuse("\n", false), "");
    assert_eq!(reuse("", true), "");
}

#[test]
fn a_small_buffer_is_refused_with_its_size() {
    let mut buffer = [0; 5];
    assert_eq!(
        reuse_command_line(b"ro quiet", false, &mut buffer),
        Err(Error::Full {
            what: "the buffer for the command line",
            capacity: 5
        })
    );
    let mut buffer = [0; 8];
    assert_eq!(
        reuse_command_line(b"ro quiet", false, &mut buffer),
        Ok(&b"ro quiet"[..])
    );
}

#[test]
fn parameters_are_whole_words_before_the_dashes() {
    let line = b"ro add_efi_memmap -- add_efi";
    assert!(has_parameter(line, b"add_efi_memmap"));
    assert!(has_parameter(
        b"\"add_efi_memmap\"x add_efi_memmap",
        b"add_efi_memmap"
    ));
    assert!(!has_parameter(line, b"add_efi"));
    assert!(!has_parameter(
        b"x=\"a add_efi_memmap b\"",
        b"add_efi_memmap"
    ));
}

#[test]
fn any_bytes_keep_their_words() {
    // Xorshift over an alphabet of the bytes that matter.
    let alphabet = b"\"\" \t\n\x0b=-\0aB\xff";
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..20_000 {
        let mut line: Vec<u8> = Vec::new();
        for _ in 0..seed % 40 {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            line.push(alphabet[(seed % alphabet.len() as u64) as usize]);
        }
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let mut buffer = std::vec![0; line.len()];
        let once = reuse_command_line(&line, true, &mut buffer)
            .unwrap()
            .to_vec();
        let mut buffer = std::vec![0; once.len()];
        let again = reuse_command_line(&once, true, &mut buffer).unwrap();
        assert!(again.len() <= once.len());
        assert!(words(&once).all(|word| !word.is_empty()));
    }
}

#[test]
fn the_copy_says_when_the_line_did_not_fit() {
    let mut line = RunningCommandLine::new();
    assert_eq!(line.get(), None);
    line.set(b"ro quiet\n");
    assert_eq!(line.get(), Some(&b"ro quiet"[..]));
    line.set("x".repeat(8192).to_string().as_bytes());
    assert_eq!(line.get(), None);
    assert!(line.is_too_long());
    line.set(b"");
    assert_eq!(line.get(), None);
    assert!(!line.is_too_long());
}

#[test]
fn a_capture_has_the_words_of_plans_only() {
    let line = b"root=/dev/x cryptkey=secret efi=debug,noruntime noefi noefix \"efi=a b\" \
                 add_efi_memmap efivars -- single efi=old --\n";
    let kept: Vec<&[u8]> = planning_words(line).collect();
    assert_eq!(
        kept.join(&b' '),
        b"efi=debug,noruntime noefi \"efi=a b\" add_efi_memmap -- efi=old --"
    );
    let mut copy = RunningCommandLine::new();
    copy.fill_parameters(|buffer| {
        buffer[..6].copy_from_slice(b"noefi\n");
        6
    });
    assert_eq!(copy.get(), None);
    assert_eq!(copy.parameters(), Some(&b"noefi"[..]));
    assert!(copy.is_partial());
    // None of them is a fact too, another than that the line is not known.
    copy.fill_parameters(|buffer| {
        buffer[0] = b'\n';
        1
    });
    assert_eq!((copy.get(), copy.parameters()), (None, Some(&b""[..])));
    copy.clear();
    assert_eq!((copy.is_partial(), copy.parameters()), (false, None));
    copy.set(b"ro\n");
    assert_eq!(copy.parameters(), Some(&b"ro"[..]));
}

#[test]
fn white_space_is_what_the_kernel_takes_for_it() {
    let line = b"one\x0b \x0btwo\xa0three\x0c\r\n\tfour\x0b";
    let all: Vec<&[u8]> = words(line).collect();
    assert_eq!(all, [b"one".as_slice(), b"two", b"three", b"four"]);
    let quoted: Vec<&[u8]> = words(b"a=\"\xa0 b\"\xa0c").collect();
    assert_eq!(quoted, [b"a=\"\xa0 b\"".as_slice(), b"c"]);
}
