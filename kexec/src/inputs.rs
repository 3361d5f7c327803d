//! The files named on the command line, opened once for both calls. A pipe or a block device is read
//! into memory here, also once.

use core::ffi::CStr;

use heapless::Vec;
use kexec_cli::command::{Command, MAX_INITRDS, MAX_MODULES, Method};
use kexec_cli::foreign::{is_cpio, is_kernel, unpacks};
use kexec_cli::kind;
use kexec_cli::meter::Step;
use kexec_cli::report::Listed;
use kexec_cli::table::Honours;
use kexec_cli::text::Text;
use kexec_core::image::{BzImage, Elf, Format, probe};
use kexec_core::linux::{Copies, O_PATH, open};
use kexec_core::refusal::Class;
use kexec_core::{Errno, Error};

use crate::input::{Initrds, Input, Start, push};
use crate::out::{caution, complain};
use crate::progress;
use crate::unify::{self, Unified};
use crate::unpack;
use kexec_cli::failure::Failure;

/// The device tree that the running kernel was started with (Documentation/ABI/testing/sysfs-firmware-ofw).
const DEVICE_TREE: &CStr = c"/sys/firmware/fdt";

/// Every file of a load: kernel, initrds, modules, device tree.
pub const MAX_FILES: usize = MAX_INITRDS + MAX_MODULES + 2;

/// Reports the files that do not exist but for the first, at which [`Inputs::open`] stops.
pub fn name_missing(command: &Command<'_>, first: Option<&CStr>) {
    let initrds = command.initrds.iter().copied();
    let all = command.kernel.into_iter().chain(initrds).chain(command.dtb);
    for path in all.filter(|path| Some(*path) != first && !path.is_empty()) {
        if let Err(errno) = open(path, O_PATH) {
            complain!("cannot use {}: {errno}", Text(path.to_bytes()));
        }
    }
}

/// All files.
#[derive(Debug)]
pub struct Inputs<'a> {
    pub kernel: Input<'a>,
    kernel_start: Start,
    pub initrds: Initrds<'a>,
    /// What the kernel was in.
    pub unified: Option<Unified>,
    pub modules: Vec<Input<'a>, MAX_MODULES>,
    pub dtb: Option<Input<'a>>,
    /// The limit on copies in memory: of these files, and of files made from them.
    pub copies: Copies,
    /// The same of the machine that is planned for, if that is another one: no copy is made there.
    other_limit: Option<u64>,
}

impl<'a> Inputs<'a> {
    /// Opens them in the given order, and rejects a compressed kernel, or one that is cut off, before any call is made.
    pub fn open(command: &Command<'a>) -> Result<Self, Failure<'a>> {
        let copies = Copies::of_available_memory().watched(progress::copied);
        progress::begin(Step::Read, 0);
        let mut kernel = Input::open(command.kernel.unwrap_or_default(), &copies)?;
        let mut initrds = Vec::new();
        unpack::unwrap(command, &mut kernel, &copies)?;
        let mut kernel_start = kernel.start();
        let start = kernel_start.get().unwrap_or_default();
        let unified = unify::unwrap(command, &mut kernel, start, &mut initrds, &copies)?;
        if unified.is_some() {
            kernel_start = kernel.start();
        }
        let start = kernel_start.get().unwrap_or_default();
        let refused = |error| Err(Failure::Load(kernel.path, error));
        if is_cpio(start) {
            return refused(Error::NotBootable {
                why: "it is not a kernel but an initrd (a cpio archive): give it by --initrd=, and \
                      the kernel by its name alone",
            });
        }
        let found = probe(start);
        if found.is_compressed() {
            let path = Text(kernel.path.to_bytes());
            complain!("{path} is given as the kernel; if it is an initrd, give it by --initrd=");
            let what = "a kernel";
            return refused(Error::NotThisFormat { what, found });
        }
        // The running kernel does not look whether all of it is there: it would load a part.
        let (have, need) = (kernel.file.size(), BzImage::whole_size(start));
        if let Some(need) = need.filter(|need| *need > have) {
            let what = "the kernel proper";
            return refused(Error::Truncated { what, need, have });
        }
        for path in &command.initrds {
            let opened = Input::open(path, &copies).map_err(|failure| match command.method {
                Method::Load => failure,
                Method::Auto | Method::File => Failure::Initrd(path, failure.error()),
            });
            push(&mut initrds, opened?)?;
        }
        let mut modules = Vec::new();
        // As kexec-tools does, with the warning of `warn`.
        let ignored = found == Format::BzImage;
        for module in command.modules.iter().filter(|_| !ignored) {
            // Both lists have the same capacity.
            let _fits = modules.push(Input::open_module(module, &copies)?);
        }
        // An arm64 kernel gets the running one's, edited.
        let is_here = command.machine.is_none() && command.method != Method::File;
        let needed = found == Format::Arm64Image && is_here;
        let dtb = command.dtb.or(needed.then_some(DEVICE_TREE));
        let dtb = match dtb.map(|path| Input::open(path, &copies)) {
            None => None,
            Some(Ok(dtb)) => Some(dtb),
            // Not read: kexec_file_load takes none.
            Some(Err(failure)) if command.method == Method::File => {
                let path = Text(command.dtb.unwrap_or_default().to_bytes());
                let error = failure.error();
                caution!("cannot use the dtb {path}: {error}; kexec_file_load takes none");
                None
            }
            Some(Err(failure)) => return Err(failure),
        };
        Ok(Self {
            kernel,
            kernel_start,
            initrds,
            unified,
            modules,
            dtb,
            copies,
            other_limit: command
                .machine
                .map(|root| Copies::limit_at(root).unwrap_or(u64::MAX)),
        })
    }

    /// Bytes that may still be copied on the machine that is planned for.
    #[inline(never)]
    pub fn limit(&self) -> u64 {
        self.other_limit.unwrap_or_else(|| self.copies.left())
    }

    /// Warns about options without effect, about a kernel of a type other than the requested one if
    /// kexec_file_load ignores the type, and about initrds that the new kernel cannot unpack.
    pub fn warn(&self, command: &Command<'_>) {
        for option in command.only_for(Honours::Neither) {
            caution!("--{}: {}", option.long(), option.help());
        }
        if command.method != Method::Load {
            if let Err(why) = self.check_kind(command) {
                caution!("{why}; kexec_file_load does not ask");
            }
        }
        if self.modules.len() < command.modules.len() {
            caution!("--module is ignored: only multiboot kernels have modules");
        }
        for initrd in &self.initrds {
            if initrd.start().get().is_some_and(|start| !unpacks(start)) {
                caution!(
                    "the initrd {} is neither a cpio archive (newc) nor compressed by a \
                     method of the kernel's; unless it is the image of a file system, the new \
                     kernel starts without it",
                    Text(initrd.path.to_bytes())
                );
            }
        }
    }

    /// Checks that the kernel is of the requested type.
    fn check_kind(&self, command: &Command<'_>) -> Result<(), &'static str> {
        let start = self.kernel_start.get().unwrap_or_default();
        match command.kind {
            // Where such a header begins is known once all of the file is looked at.
            Some(kind) if kind::format(kind.to_bytes()).is_none() => {
                kind::check(kind.to_bytes(), start, self.unified.is_some())
            }
            _ => Ok(()),
        }
    }

    /// Whether the kernel is an ELF file or a multiboot kernel, which no kernel's own loader takes on x86.
    pub fn is_elf(&self) -> bool {
        let multiboot = |start| matches!(probe(start), Format::Multiboot1 | Format::Multiboot2);
        let start = self.kernel_start.get();
        start.is_some_and(|start| Elf::is_elf(start) || multiboot(start))
    }

    /// The files, for reports.
    pub fn listed(&self) -> Vec<Listed<'a>, MAX_FILES> {
        let mut files = Vec::new();
        let mut add = |role, input: &Input<'a>| {
            // There is room for all: see MAX_FILES.
            let _fits = files.push(Listed {
                role,
                path: input.path.to_bytes(),
                size: input.file.size(),
            });
        };
        add("kernel", &self.kernel);
        self.initrds.iter().for_each(|input| add("initrd", input));
        self.modules.iter().for_each(|input| add("module", input));
        self.dtb.iter().for_each(|input| add("dtb", input));
        files
    }

    /// Whether the initrds are copied to one file for kexec_file_load, which takes one whole file.
    pub fn joins(&self) -> bool {
        self.initrds.len() > 1 || self.initrds.iter().any(|input| input.file.is_part())
    }

    /// Bytes of all files.
    pub fn bytes(&self) -> u64 {
        let others = self.initrds.iter().chain(&self.modules).chain(&self.dtb);
        others.fold(self.kernel.file.size(), |sum, input| {
            sum.saturating_add(input.file.size())
        })
    }

    /// The failure of a refused load: if kexec_file_load is the only call, and the file is not a
    /// kernel, the other call would not take it either.
    pub fn blame(&self, method: Method, failure: Failure<'a>) -> Failure<'a> {
        let unknown = |errno| errno != Errno::ENOSYS && Class::of(errno).kexec_load_may_help();
        let start = self.kernel_start.get();
        if method == Method::File
            && failure.refusal().is_some_and(unknown)
            && start.is_some_and(|start| !is_kernel(start))
        {
            let why = "it is not a kernel: neither a bzImage nor an ELF file";
            return Failure::Load(self.kernel.path, Error::NotBootable { why });
        }
        failure
    }
}
