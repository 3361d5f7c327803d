//! The causes of refusals.

use core::fmt;

macro_rules! causes {
    ($($name:ident $text:literal;)*) => {
        /// Why a kexec call was refused, as far as the errno and the machine's state show.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Cause {
            $(#[doc = concat!("\"", $text, "\".")] $name,)*
        }

        impl Cause {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// In English, without a full stop.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

causes! {
    NoCapabilityToExec "CAP_SYS_BOOT is needed in the user namespace of this PID namespace";
    PidNamespace "an image is loaded, so this is a PID namespace other than the first";
    NothingLoaded "nothing is loaded";
    NoCapability "CAP_SYS_BOOT is needed";
    LoadDisabled "kernel.kexec_load_disabled is 1, which lasts until the next boot";
    CrashLimit "kernel.kexec_load_limit_panic is used up, which lasts until the next boot";
    Limit "kernel.kexec_load_limit_reboot is used up, which lasts until the next boot";
    MaybeLockedDown "the kernel may be locked down, as under Secure Boot (mount securityfs on \
        /sys/kernel/security to see), and then it takes signed kernels only, by kexec_file_load; or \
        a security module or seccomp filter refuses it, or root is needed";
    MaybeUntrusted "the kernel may be locked down, as under Secure Boot (mount securityfs on \
        /sys/kernel/security to see), and the image may have no signature it trusts; or a security \
        module or seccomp filter refuses it, or root is needed";
    LockedDown "the kernel is locked down (see /sys/kernel/security/lockdown): only signed kernels, \
        only by kexec_file_load";
    UntrustedUnderLockdown "the kernel is locked down (see /sys/kernel/security/lockdown) and this \
        image has no signature it trusts";
    SecurityModule "this process may load, so a security module (LoadPin, SELinux), a seccomp \
        filter or a user namespace other than the first refuses it";
    Busy "another kexec call, or a change of the crash kernel's memory, is under way and did not \
        end within a second";
    CrashReservation "the memory reserved for a crash kernel is missing, or too small for these \
        files";
    CrashPageTables "the memory reserved for a crash kernel, less these files, is too small \
        for the page tables the running kernel puts there";
    UnknownKey "the kernel image is signed by a key this machine does not trust";
    NotSigned "the kernel image is not signed, and this machine demands a signature";
    UnknownDigest "the image's signature uses a digest or a key type this kernel was built without";
    WrongSignature "the image's signature does not match its bytes, its key is not valid any more, \
        or this kernel cannot check this kind of image";
    DamagedSignature "the image's signature, or the PE file that carries it, is damaged";
    NoKexecLoad "this kernel is built without CONFIG_KEXEC, or a seccomp filter hides it";
    SignedOnly "a policy of IMA (appraisal of kexec kernels, or Secure Boot) or SELinux allows \
        signed kernels only, by kexec_file_load";
    SegmentPlace "a segment lies where the running kernel does not take one";
    MemoryForSegments "the running kernel does not have enough free memory for a copy of all segments";
    Segments "the running kernel does not take these segments: they overlap, need more than half \
        of the RAM, or are for another architecture";
    Shortened "a file became shorter while it was loaded";
    NoFileLoad "this kernel is built without CONFIG_KEXEC_FILE, or a seccomp filter hides it";
    ImageKind "the running kernel does not take this image: damaged, or of a kind it does not know";
    FileArguments "the running kernel does not take this image, this command line (longer than \
        the new kernel allows, less 30 bytes) or these flags";
    FilePolicy "a policy of IMA or SELinux refuses the file";
    NoPlace "the running kernel finds no memory to place the files in";
    MemoryForFiles "the running kernel does not have enough free memory to read the files and copy them";
    FileTooLarge "the running kernel reads files of up to 4 GiB";
    OpenForWriting "somebody has the file open for writing";
    ShortenedOrDisk "the file became shorter while it was read, or its disk fails";
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}
