//! GRUB's environment block, and its variables in entries (Fedora's blscfg).

use super::line::{Between, cut, last_value};
use super::store::Store;

/// The first line of an environment block (GRUB manual, "Environment block").
pub const HEADER: &[u8] = b"# GRUB Environment Block\n";

/// The value of a variable, as it is in the block: with a backslash before each character that has
/// another meaning there. `None` if it is not set, or empty.
#[must_use]
pub fn variable<'a>(block: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    last_value(block, name, Between::Sign)
}

/// Appends `text` to the store's current text, with the values of its variables. Those of tuned(8),
/// which it adds to each entry, are empty if they are not set.
///
/// # Errors
/// The name of another variable that the block does not set. Its value is not known, because GRUB's
/// configuration may set it.
pub fn expand<'t>(text: &'t [u8], block: &[u8], store: &mut Store<'_>) -> Result<(), &'t [u8]> {
    let mut rest = text;
    store.put(cut(&mut rest, b'$').unwrap_or_default());
    while let Some(part) = cut(&mut rest, b'$') {
        // A letter right after the braces makes another name, which is not set.
        let in_name = |byte: &&u8| byte.is_ascii_alphanumeric() || b"_{}".contains(byte);
        let end = part.iter().take_while(in_name).count();
        let (mut name, after) = part.split_at_checked(end).unwrap_or_default();
        if let [b'{', inner @ .., b'}'] = name {
            name = inner;
        }
        match variable(block, name) {
            _ if name.is_empty() => store.put(b"$"),
            Some(value) => {
                let mut escaped = false;
                for byte in value {
                    escaped = !escaped && *byte == b'\\';
                    if !escaped {
                        store.put(core::slice::from_ref(byte));
                    }
                }
            }
            None if name.starts_with(b"tuned_") => {}
            None => return Err(name),
        }
        store.put(after);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::string::String;

    use super::*;

    const BLOCK: &[u8] = b"# GRUB Environment Block\n\
        saved_entry=abc-6.8.5\nmenu_auto_hide=1\nkernelopts=root=/dev/a ro back\\\\slash \n\
        empty=\nboot_success=0\n###############";

    fn expanded(text: &'static str) -> Result<String, &'static [u8]> {
        let mut buffer = [0; 100];
        let mut store = Store::new(&mut buffer);
        expand(text.as_bytes(), BLOCK, &mut store)?;
        Ok(String::from_utf8(store.keep().unwrap().into()).unwrap())
    }

    #[test]
    fn variables() {
        assert_eq!(variable(BLOCK, b"saved_entry"), Some(&b"abc-6.8.5"[..]));
        assert_eq!(variable(BLOCK, b"saved"), None);
        assert_eq!(variable(BLOCK, b"entry"), None);
        assert_eq!(variable(BLOCK, b"empty"), None);
        assert_eq!(variable(b"", b""), None);
    }

    #[test]
    fn values_in_text() {
        for (text, expected) in [
            ("quiet", "quiet"),
            ("", ""),
            ("$kernelopts", "root=/dev/a ro back\\slash"),
            ("a ${menu_auto_hide}-b $menu_auto_hide-", "a 1-b 1-"),
            ("/initramfs.img $tuned_initrd", "/initramfs.img "),
            ("ro $tuned_params quiet", "ro  quiet"),
            ("x$ y", "x$ y"),
        ] {
            assert_eq!(expanded(text).as_deref(), Ok(expected));
        }
        assert_eq!(expanded("ro $other x"), Err(&b"other"[..]));
        assert_eq!(expanded("${empty}"), Err(&b"empty"[..]));
        // Not expanded, but not wrong either.
        assert_eq!(
            expanded("${menu_auto_hide}b"),
            Err(&b"{menu_auto_hide}b"[..])
        );
    }
}
