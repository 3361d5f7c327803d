//! A bare machine, as far as the purgatory uses one: a child process runs the whole segment from
//! its first byte, and what user space may not do (privileged instructions, ports, exceptions)
//! is done for it in a signal handler.

#[path = "cpu.rs"]
mod cpu;

pub use cpu::{PROTECTED, PROTECTED_REGISTERS};

use cpu::{CR, EFER, LDT, LMA, LME, PG, SELECTORS, control, far_return, is_protected};
use kexec_core::purgatory::MEMSZ;
use libc::c_void;
use std::arch::global_asm;
use std::ptr::null_mut;
use std::sync::Once;
use std::sync::atomic::{AtomicPtr, AtomicU64, AtomicUsize, Ordering};

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// The next program was entered, with the RSI it was to get.
    Started,
    /// It was entered with something else in RSI.
    StartedWrong,
    /// `hlt` with interrupts off.
    Halted,
    /// A reset by a port.
    Reset,
    /// An exception that cannot be delivered: the machine resets.
    TripleFault,
    /// It tried a system call, which is no harm on a bare machine, and leads nowhere.
    SystemCall,
    /// It never ended.
    Hung,
}

/// What the child ends with, by exit(2).
const STARTED: i32 = 10;
const STARTED_WRONG: i32 = 11;
const HALTED: i32 = 12;
const RESET: i32 = 13;
const TRIPLE_FAULT: i32 = 14;

/// What the next program is to find in RSI.
pub const RSI: u64 = 0x5e5_1234_5678;

// The next program. Only exit(2) is allowed where it runs.
global_asm!(
    ".globl the_next_program",
    "the_next_program:",
    "mov rax, 0x5e512345678",
    "mov edi, 10",
    "cmp rax, rsi",
    "je 2f",
    "mov edi, 11",
    "2:",
    "mov eax, 60",
    "syscall",
);

unsafe extern "C" {
    fn the_next_program();
}

/// Where the next program is entered.
pub fn next_program() -> u64 {
    the_next_program as *const () as u64
}

/// Memory that parent and child share: what the serial port got.
const LOG: usize = 4096;

/// The machine's state; one run at a time.
static IDT: AtomicU64 = AtomicU64::new(0);
static IDT_LIMIT: AtomicUsize = AtomicUsize::new(0);
static SEGMENT: AtomicU64 = AtomicU64::new(0);
static LOGGED: AtomicPtr<u8> = AtomicPtr::new(null_mut());
static PORTS_FAULT: AtomicUsize = AtomicUsize::new(0);
static GDT: AtomicU64 = AtomicU64::new(0);
static GDT_LIMIT: AtomicUsize = AtomicUsize::new(0);

/// Ports as the blob uses them.
const COM1: u64 = 0x3f8;
const KEYBOARD_CONTROLLER: u64 = 0x64;
const RESET_CONTROL: u64 = 0xcf9;

/// A machine with a segment in its memory.
#[derive(Debug)]
pub struct Bare {
    segment: *mut u8,
    log: *mut u8,
    /// CPU time that a run may take, in microseconds.
    patience: i64,
}

fn map(length: usize, protection: i32, flags: i32) -> *mut u8 {
    let flags = flags | libc::MAP_ANONYMOUS;
    // SAFETY: a new mapping at an address of the kernel's choice touches no memory in use.
    let start = unsafe { libc::mmap(null_mut(), length, protection, flags, -1, 0) };
    assert_ne!(start, libc::MAP_FAILED, "no memory");
    start.cast()
}

/// Where the segment is: below 4 GiB, as an exit to 32-bit mode needs it.
pub const SEGMENT_AT: u64 = 0x6000_0000;

/// Addresses on either side of the segment at which there is nothing: a stack or a copy that runs
/// away must not get to the test's own memory, which holds other segments.
const GUARD: usize = 1 << 30;

/// Memory at this address.
fn map_at(start: u64, length: usize, protection: i32) -> *mut u8 {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    let flags = flags | libc::MAP_NORESERVE | libc::MAP_FIXED_NOREPLACE;
    let wanted = std::ptr::with_exposed_provenance_mut(start as usize);
    // SAFETY: the kernel refuses if anything is there.
    let mapped = unsafe { libc::mmap(wanted, length, protection, flags, -1, 0) };
    assert_eq!(mapped, wanted, "{start:#x} is not free");
    mapped.cast()
}

/// Memory for the segment, alone, and for the 32-bit program.
fn alone() -> *mut u8 {
    static ONCE: Once = Once::new();
    let segment = std::ptr::with_exposed_provenance_mut(SEGMENT_AT as usize);
    ONCE.call_once(|| {
        let (write, code) = (
            libc::PROT_READ | libc::PROT_WRITE,
            libc::PROT_READ | libc::PROT_EXEC,
        );
        let guard = SEGMENT_AT - GUARD as u64;
        map_at(guard, GUARD + MEMSZ + GUARD, libc::PROT_NONE);
        let program = map_at(PROTECTED, 4096, write);
        // SAFETY: the page is new.
        unsafe { program.write_bytes(HLT, 4096) };
        for (start, length, protection) in [(segment, MEMSZ, write | code), (program, 4096, code)] {
            // SAFETY: inside new mappings, in which nothing is in use.
            let changed = unsafe { libc::mprotect(start.cast(), length, protection) };
            assert_eq!(changed, 0, "no memory");
        }
    });
    segment
}

const HLT: u8 = 0xf4;

impl Bare {
    /// A machine with nothing in it, whose runs may take so many microseconds of CPU time.
    pub fn new(patience: i64) -> Self {
        let (read, write) = (libc::PROT_READ, libc::PROT_WRITE);
        Self {
            segment: alone(),
            log: map(LOG, read | write, libc::MAP_SHARED),
            patience,
        }
    }

    /// Memory that a run can change for the caller to see.
    pub fn shared(length: usize) -> &'static mut [u8] {
        let start = map(length, libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED);
        // SAFETY: a new mapping of that length, which stays.
        unsafe { std::slice::from_raw_parts_mut(start, length) }
    }

    /// Runs a segment: how it ended, and what it said on the first serial port. With `ports_fault`
    /// every port is an exception.
    pub fn run(&self, segment: &[u8], ports_fault: bool) -> (End, String) {
        assert!(segment.len() <= MEMSZ);
        // SAFETY: the mapping has MEMSZ bytes; no reference into it exists.
        unsafe { std::ptr::write_bytes(self.segment, 0, MEMSZ) };
        // SAFETY: as above, and the segment is not longer.
        unsafe { std::ptr::copy_nonoverlapping(segment.as_ptr(), self.segment, segment.len()) };
        // SAFETY: the mapping has LOG bytes.
        unsafe { std::ptr::write_bytes(self.log, 0, LOG) };
        SEGMENT.store(self.segment as u64, Ordering::Relaxed);
        LOGGED.store(self.log, Ordering::Relaxed);
        PORTS_FAULT.store(ports_fault.into(), Ordering::Relaxed);
        IDT_LIMIT.store(0, Ordering::Relaxed);
        GDT_LIMIT.store(0, Ordering::Relaxed);
        cpu::start();
        // SAFETY: the child makes system calls only, and ends without coming back.
        let child = unsafe { libc::fork() };
        assert!(child >= 0, "fork");
        if child == 0 {
            enter(self.segment, self.patience);
        }
        let mut status = 0;
        // SAFETY: the kernel writes one status.
        let waited = unsafe { libc::waitpid(child, &raw mut status, 0) };
        assert_eq!(waited, child);
        let end = if libc::WIFEXITED(status) {
            match libc::WEXITSTATUS(status) {
                STARTED => End::Started,
                STARTED_WRONG => End::StartedWrong,
                HALTED => End::Halted,
                RESET => End::Reset,
                TRIPLE_FAULT => End::TripleFault,
                other => panic!("the child ended with {other}"),
            }
        } else {
            match libc::WTERMSIG(status) {
                libc::SIGKILL => End::SystemCall,
                libc::SIGPROF => End::Hung,
                // The handler itself had no memory left to go on with.
                libc::SIGSEGV | libc::SIGILL | libc::SIGBUS | libc::SIGTRAP | libc::SIGFPE => {
                    End::TripleFault
                }
                other => panic!("the child died of signal {other}"),
            }
        };
        // SAFETY: the child, which wrote to it, is gone.
        let log = unsafe { std::slice::from_raw_parts(self.log, LOG) };
        let said = log.split(|byte| *byte == 0).next().unwrap_or_default();
        (end, String::from_utf8_lossy(said).into_owned())
    }
}

fn exit(code: i32) -> ! {
    // SAFETY: ends the child.
    unsafe { libc::syscall(libc::SYS_exit, code) };
    unreachable!()
}

/// Sets the child up, and jumps to the segment's first byte.
fn enter(segment: *mut u8, patience: i64) -> ! {
    const STACK: usize = 64 << 10;
    let stack = map(STACK, libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE);
    let stack = libc::stack_t {
        ss_sp: stack.cast(),
        ss_flags: 0,
        ss_size: STACK,
    };
    // SAFETY: a mapping of that size, used for nothing else.
    unsafe { libc::sigaltstack(&raw const stack, null_mut()) };
    // SAFETY: all zeros are a value of the struct.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = handle as *const () as usize;
    action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_NODEFER;
    let signals = [
        libc::SIGSEGV,
        libc::SIGILL,
        libc::SIGBUS,
        libc::SIGFPE,
        libc::SIGTRAP,
    ];
    for signal in signals {
        // SAFETY: the handler has the type that SA_SIGINFO asks for.
        unsafe { libc::sigaction(signal, &raw const action, null_mut()) };
    }
    let soon = libc::itimerval {
        it_interval: libc::timeval {
            tv_sec: 0,
            tv_usec: 0,
        },
        it_value: libc::timeval {
            tv_sec: patience / 1_000_000,
            tv_usec: patience % 1_000_000,
        },
    };
    // SAFETY: reads one struct. Its signal ends the process.
    unsafe { libc::setitimer(libc::ITIMER_PROF, &raw const soon, null_mut()) };
    // Nothing is left to read from or write to: neither waits.
    // SAFETY: the child uses no descriptor any more.
    unsafe { libc::syscall(libc::SYS_close_range, 0, u32::MAX, 0) };
    // From here on only exit, sigreturn, read and write: code with a wrong bit does no harm.
    // SAFETY: takes no pointer.
    unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_STRICT) };
    // SAFETY: the segment is code, and never comes back.
    let code: extern "C" fn() -> ! = unsafe { std::mem::transmute(segment) };
    code()
}

/// General registers by their number in an instruction.
const REGISTERS: [i32; 8] = [
    libc::REG_RAX,
    libc::REG_RCX,
    libc::REG_RDX,
    libc::REG_RBX,
    libc::REG_RSP,
    libc::REG_RBP,
    libc::REG_RSI,
    libc::REG_RDI,
];

struct Registers<'c>(&'c mut [i64; 23]);

impl Registers<'_> {
    fn get(&self, register: i32) -> u64 {
        self.0[register as usize] as u64
    }

    fn set(&mut self, register: i32, value: u64) {
        self.0[register as usize] = value as i64;
    }

    fn skip(&mut self, bytes: u64) {
        self.set(libc::REG_RIP, self.get(libc::REG_RIP).wrapping_add(bytes));
    }
}

/// Whether these bytes are the segment's.
fn is_ours(address: u64, bytes: u64) -> bool {
    let start = SEGMENT.load(Ordering::Relaxed);
    address >= start && address.wrapping_add(bytes) <= start + MEMSZ as u64
}

/// Reads from the segment; a triple fault elsewhere.
fn read(address: u64) -> u64 {
    if !is_ours(address, 8) {
        exit(TRIPLE_FAULT);
    }
    let place = std::ptr::with_exposed_provenance::<u64>(address as usize);
    // SAFETY: inside the segment.
    unsafe { place.read_unaligned() }
}

fn write(address: u64, value: u64) {
    if !is_ours(address, 8) {
        exit(TRIPLE_FAULT);
    }
    let place = std::ptr::with_exposed_provenance_mut::<u64>(address as usize);
    // SAFETY: inside the segment.
    unsafe { place.write_unaligned(value) }
}

extern "C" fn handle(_: i32, _: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: the kernel's ucontext, which is nobody else's while the handler runs.
    let context = unsafe { &mut *context.cast::<libc::ucontext_t>() };
    let mut registers = Registers(&mut context.uc_mcontext.gregs);
    if !emulate(&mut registers) {
        deliver(&mut registers);
    }
}

/// Does what an instruction does on a bare machine, if it is one that user space may not do.
fn emulate(registers: &mut Registers<'_>) -> bool {
    let rip = registers.get(libc::REG_RIP);
    if (PROTECTED..PROTECTED + 4096).contains(&rip) {
        // Not reached in 32-bit mode, or in another state, is wrong as well.
        exit(if is_protected(registers) {
            STARTED
        } else {
            STARTED_WRONG
        });
    }
    if !is_ours(rip, 8) || registers.get(libc::REG_TRAPNO) != 13 {
        return false;
    }
    let code = read(rip).to_le_bytes();
    let ports_fault = PORTS_FAULT.load(Ordering::Relaxed) != 0;
    match code {
        [0xf4, ..] => exit(HALTED),
        [0xfa, ..] => registers.skip(1),
        [0xee | 0xec, ..] if ports_fault => return false,
        [0xee, ..] => {
            let byte = registers.get(libc::REG_RAX) as u8;
            out(registers.get(libc::REG_RDX) & 0xffff, byte);
            registers.skip(1);
        }
        [0xec, ..] => {
            let port = registers.get(libc::REG_RDX) & 0xffff;
            // The UART is ready and done; the keyboard controller takes a command.
            let value = if port == COM1 + 5 { 0x60 } else { 0 };
            let rax = registers.get(libc::REG_RAX) & !0xff | value;
            registers.set(libc::REG_RAX, rax);
            registers.skip(1);
        }
        // mov to a segment register
        [0x8e, to @ 0xc0..=0xff, ..] => {
            let from = REGISTERS[usize::from(to & 7)];
            let selector = registers.get(from) & 0xffff;
            SELECTORS[usize::from(to >> 3 & 7)].store(selector, Ordering::Relaxed);
            registers.skip(2);
        }
        // retfq
        [0x48, 0xcb, ..] => {
            let rsp = registers.get(libc::REG_RSP);
            far_return(registers, read(rsp), read(rsp.wrapping_add(8)) & 0xffff);
            registers.set(libc::REG_RSP, rsp.wrapping_add(16));
        }
        // lldt ax
        [0x0f, 0x00, 0xd0, ..] => {
            LDT.store(registers.get(libc::REG_RAX) & 0xffff, Ordering::Relaxed);
            registers.skip(3);
        }
        // rdmsr, wrmsr
        [0x0f, how @ (0x32 | 0x30), ..] => {
            const EFER_NUMBER: u64 = 0xc000_0080;
            if registers.get(libc::REG_RCX) & 0xffff_ffff != EFER_NUMBER {
                exit(TRIPLE_FAULT);
            }
            let efer = EFER.load(Ordering::Relaxed);
            if how == 0x32 {
                registers.set(libc::REG_RAX, efer & 0xffff_ffff);
                registers.set(libc::REG_RDX, efer >> 32);
            } else {
                let low = registers.get(libc::REG_RAX) & 0xffff_ffff;
                let new = low | registers.get(libc::REG_RDX) << 32;
                let paging = CR[0].load(Ordering::Relaxed) & PG != 0;
                if paging && (new ^ efer) & LME != 0 {
                    exit(TRIPLE_FAULT);
                }
                EFER.store(new & !LMA | efer & LMA, Ordering::Relaxed);
            }
            registers.skip(2);
        }
        // lgdt, lidt [rsp + disp8]
        [0x0f, 0x01, how @ (0x54 | 0x5c), 0x24, at, ..] => {
            let rsp = registers.get(libc::REG_RSP);
            table(how & 8 != 0, rsp.wrapping_add_signed((at as i8).into()));
            registers.skip(5);
        }
        // the same [rsp]
        [0x0f, 0x01, how @ (0x14 | 0x1c), 0x24, ..] => {
            table(how & 8 != 0, registers.get(libc::REG_RSP));
            registers.skip(4);
        }
        // the same [register]
        [0x0f, 0x01, how @ (0x10..=0x1f), ..] => {
            let register = REGISTERS[usize::from(how & 7)];
            table(how & 8 != 0, registers.get(register));
            registers.skip(3);
        }
        // mov from and to a control register
        [0x0f, 0x20, to, ..] => {
            let register = REGISTERS[usize::from(to & 7)];
            let value = match to >> 3 & 7 {
                2 => registers.get(libc::REG_CR2),
                number @ (0 | 3 | 4) => CR[usize::from(number)].load(Ordering::Relaxed),
                _ => 0,
            };
            registers.set(register, value);
            registers.skip(3);
        }
        [0x0f, 0x22, from, ..] => {
            let value = registers.get(REGISTERS[usize::from(from & 7)]);
            control(usize::from(from >> 3 & 7), value);
            registers.skip(3);
        }
        _ => return false,
    }
    true
}

/// Loads the GDT or the IDT.
fn table(idt: bool, operand: u64) {
    let (base, limit) = if idt {
        (&IDT, &IDT_LIMIT)
    } else {
        (&GDT, &GDT_LIMIT)
    };
    limit.store((read(operand) & 0xffff) as usize, Ordering::Relaxed);
    base.store(read(operand.wrapping_add(2)), Ordering::Relaxed);
}

fn out(port: u64, byte: u8) {
    match port {
        KEYBOARD_CONTROLLER if byte == 0xfe => exit(RESET),
        RESET_CONTROL if byte == 6 => exit(RESET),
        COM1 => {
            let log = LOGGED.load(Ordering::Relaxed);
            for at in 0..LOG - 1 {
                let place = log.wrapping_add(at);
                // SAFETY: inside the shared mapping.
                if unsafe { place.read() } == 0 {
                    // SAFETY: as above.
                    unsafe { place.write(byte) };
                    break;
                }
            }
        }
        _ => {}
    }
}

/// Exceptions that push an error code (Intel SDM vol. 3A, table 7-1).
const WITH_ERROR_CODE: [u64; 6] = [8, 10, 11, 12, 13, 14];

/// Delivers an exception by the blob's IDT.
fn deliver(registers: &mut Registers<'_>) {
    const CODE64: u64 = 0x10;
    const DATA: u64 = 0x18;
    let vector = registers.get(libc::REG_TRAPNO);
    let limit = IDT_LIMIT.load(Ordering::Relaxed) as u64;
    if vector >= 32 || limit < vector * 16 + 15 {
        exit(TRIPLE_FAULT);
    }
    let gate = IDT.load(Ordering::Relaxed).wrapping_add(vector * 16);
    let (low, high) = (read(gate), read(gate.wrapping_add(8)));
    // Present, an interrupt gate, to the 64-bit code segment.
    if low >> 40 & 0xff != 0x8e || low >> 16 & 0xffff != CODE64 {
        exit(TRIPLE_FAULT);
    }
    let handler = low & 0xffff | low >> 32 & 0xffff_0000 | high << 32;
    let mut rsp = registers.get(libc::REG_RSP) & !15;
    let frame = [
        DATA,
        registers.get(libc::REG_RSP),
        registers.get(libc::REG_EFL),
        CODE64,
        registers.get(libc::REG_RIP),
    ];
    let error = WITH_ERROR_CODE
        .contains(&vector)
        .then(|| registers.get(libc::REG_ERR));
    for word in frame.into_iter().chain(error) {
        rsp = rsp.wrapping_sub(8);
        write(rsp, word);
    }
    registers.set(libc::REG_RSP, rsp);
    registers.set(libc::REG_RIP, handler);
}
