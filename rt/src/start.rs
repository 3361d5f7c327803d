//! The program's initial stack: argc, argv, environment (fs/binfmt_elf.c,
//! create_elf_tables; the same on every architecture). The first instructions are in `arch`.

use core::ffi::{CStr, c_char};

use kexec_core::linux::{Environment, exit};

/// The arguments after the program's name.
#[derive(Debug)]
pub struct Arguments(*const *const c_char);

impl Iterator for Arguments {
    type Item = &'static CStr;

    fn next(&mut self) -> Option<&'static CStr> {
        // SAFETY: the array ends with a null pointer, and `self` never moves past it.
        let argument = unsafe { *self.0 };
        if argument.is_null() {
            return None;
        }
        self.0 = self.0.wrapping_add(1);
        // SAFETY: the kernel put a string there that ends in NUL, stays as long as the process,
        // and is written by nobody.
        Some(unsafe { CStr::from_ptr(argument) })
    }
}

/// Calls `main` and ends the process with its exit code.
///
/// # Safety
/// `stack` must be the stack pointer the kernel started the process with, its strings unchanged.
pub unsafe fn start(stack: *const usize, main: impl FnOnce(Arguments, Environment) -> u8) -> ! {
    // SAFETY: the kernel starts a program with argc at the top of its stack.
    let count = unsafe { *stack };
    let argv = stack.wrapping_add(1).cast::<*const c_char>();
    let mut arguments = Arguments(argv);
    let _program = arguments.next();
    // SAFETY: the environment's array of strings follows argv's null pointer, and lives,
    // unchanged, as long as the process.
    let environment = unsafe { Environment::new(argv.wrapping_add(count).wrapping_add(1)) };
    exit(main(arguments, environment))
}
