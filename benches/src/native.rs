//! The purgatory's own machine code, run in user space: the blob as it is shipped, entered after
//! its assembly, which needs a machine to itself. Beside it, for comparison in the same process,
//! other people's SHA-256 in shared objects.

use kexec_core::purgatory::{
    BLOB, DEFAULT_SECRET, Digest, PARAMETERS_OFFSET, Parameters, Region, SEGMENT_SIZE, build,
};
use std::arch::asm;
use std::ffi::{CStr, CString, c_void};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The parameter block, the segment; the segment's digest.
type Main = extern "sysv64" fn(*mut c_void, *mut c_void) -> u128;

/// A finished segment in executable memory.
#[derive(Debug)]
pub struct Purgatory {
    start: *mut c_void,
    main: usize,
}

/// `lea rdi, [rip + parameters]; lea rsi, [rip + entry]; call purgatory`, as
/// core/purgatory/src/entry.s has it.
const LEA_RDI: [u8; 3] = [0x48, 0x8d, 0x3d];
const LEA_RSI: [u8; 3] = [0x48, 0x8d, 0x35];
const CALL: u8 = 0xe8;

/// The offset of the function that entry.s calls with the parameter block and the segment.
fn main_of(blob: &[u8]) -> Option<usize> {
    let relative = |at: usize| Some(i32::from_le_bytes(*blob.get(at..)?.first_chunk()?) as isize);
    let targets: Vec<usize> = (0..blob.len())
        .filter_map(|at| {
            let code = blob.get(at..at + 19)?;
            let parameters = (at + 7).checked_add_signed(relative(at + 3)?)?;
            let entry = (at + 14).checked_add_signed(relative(at + 10)?)?;
            let main = (at + 19).checked_add_signed(relative(at + 15)?)?;
            let found = code.starts_with(&LEA_RDI)
                && code[7..].starts_with(&LEA_RSI)
                && code[14] == CALL
                && (parameters, entry) == (PARAMETERS_OFFSET, 0);
            found.then_some(main)
        })
        .collect();
    match targets.as_slice() {
        [only] => Some(*only),
        _ => None,
    }
}

impl Purgatory {
    /// A segment that verifies `region` and expects what the loader digests; without `verify` it
    /// looks at nothing but itself.
    ///
    /// # Panics
    /// If the blob is not as its source, or there is no memory.
    #[must_use]
    pub fn new(region: &[u8], verify: bool) -> Self {
        let mut digest = Digest::new(&DEFAULT_SECRET);
        digest.region(region);
        let parameters = Parameters {
            skip_verify: !verify,
            regions: &[Region {
                start: region.as_ptr().expose_provenance() as u64,
                length: region.len() as u64,
            }],
            digest: digest.finish(),
            ..Parameters::default()
        };
        let mut segment = vec![0; SEGMENT_SIZE];
        build(&parameters, &mut segment).expect("a segment");
        let (write, anonymous) = (
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
        );
        let anywhere = std::ptr::null_mut();
        // SAFETY: a new mapping at an address of the kernel's choice touches no memory in use.
        let start = unsafe { libc::mmap(anywhere, segment.len(), write, anonymous, -1, 0) };
        assert_ne!(start, libc::MAP_FAILED, "no memory");
        // SAFETY: the mapping is as long as the segment, new, and so no other object.
        unsafe { std::ptr::copy_nonoverlapping(segment.as_ptr(), start.cast(), segment.len()) };
        // SAFETY: the mapping is ours alone, and no reference into it exists.
        let changed =
            unsafe { libc::mprotect(start, segment.len(), libc::PROT_READ | libc::PROT_EXEC) };
        assert_eq!(changed, 0, "memory that can be executed");
        let main = main_of(BLOB).expect("entry.s calls one function with the parameter block");
        Self { start, main }
    }

    /// From the call in entry.s to the return to it. A digest that is not the loader's ends the
    /// process: the blob halts, which user space may not.
    pub fn run(&self) {
        let main = self.start.wrapping_byte_add(self.main);
        // SAFETY: there the blob has a function of this type, by entry.s.
        let main: Main = unsafe { std::mem::transmute(main) };
        main(self.start.wrapping_byte_add(PARAMETERS_OFFSET), self.start);
    }
}

/// A function of a shared object, which stays loaded.
fn symbol(library: &str, name: &CStr) -> Result<*mut c_void, String> {
    let path = CString::new(library).map_err(|error| error.to_string())?;
    // SAFETY: a string; the objects asked for run nothing dangerous when they are loaded.
    let handle = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW) };
    if handle.is_null() {
        return Err(format!("{library} cannot be loaded"));
    }
    // SAFETY: a handle that was just given out, and a string.
    let address = unsafe { libc::dlsym(handle, name.as_ptr()) };
    if address.is_null() {
        return Err(format!("{library} has no {name:?}"));
    }
    Ok(address)
}

/// SHA-256 of one buffer.
pub type Sha256 = Box<dyn Fn(&[u8]) -> [u8; 32]>;

/// OpenSSL's: `SHA256()` of libcrypto.
///
/// # Errors
/// That there is none.
pub fn openssl() -> Result<Sha256, String> {
    type Function = extern "C" fn(*const u8, usize, *mut u8) -> *mut u8;
    let address = symbol("libcrypto.so.3", c"SHA256")?;
    // SAFETY: this is the function's type (openssl/sha.h).
    let function: Function = unsafe { std::mem::transmute(address) };
    Ok(Box::new(move |bytes| {
        let mut digest = [0; 32];
        function(bytes.as_ptr(), bytes.len(), digest.as_mut_ptr());
        digest
    }))
}

/// kexec-tools' own C, built from its purgatory's sha256.c as a shared object at `path`.
///
/// # Errors
/// That it cannot be loaded.
pub fn reference(path: &str) -> Result<Sha256, String> {
    /// At least as large as its context: two sizes, eight words, a block.
    type Context = [u64; 32];
    type Starts = extern "C" fn(*mut Context);
    type Update = extern "C" fn(*mut Context, *const u8, usize);
    type Finish = extern "C" fn(*mut Context, *mut u8);
    let starts = symbol(path, c"sha256_starts")?;
    let update = symbol(path, c"sha256_update")?;
    let finish = symbol(path, c"sha256_finish")?;
    // SAFETY: these are the functions' types (util_lib/include/sha256.h).
    let starts: Starts = unsafe { std::mem::transmute(starts) };
    // SAFETY: as above.
    let update: Update = unsafe { std::mem::transmute(update) };
    // SAFETY: as above.
    let finish: Finish = unsafe { std::mem::transmute(finish) };
    Ok(Box::new(move |bytes| {
        let (mut context, mut digest) = ([0; 32], [0; 32]);
        starts(&raw mut context);
        update(&raw mut context, bytes.as_ptr(), bytes.len());
        finish(&raw mut context, digest.as_mut_ptr());
        digest
    }))
}

/// Bytes that lie in huge pages where the kernel has them, as a purgatory's do.
#[must_use]
pub fn region(length: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = Vec::with_capacity(length);
    let start = bytes
        .as_mut_ptr()
        .expose_provenance()
        .next_multiple_of(4096);
    let inner = length.saturating_sub(4096) & !4095;
    let start = std::ptr::with_exposed_provenance_mut::<c_void>(start);
    // SAFETY: advice on pages of the vector's own; it changes nothing of what they hold. That a
    // kernel without huge pages refuses is no harm.
    unsafe { libc::madvise(start, inner, libc::MADV_HUGEPAGE) };
    bytes.extend((0..length).map(|at| (at.wrapping_mul(167) + (at >> 8)) as u8));
    bytes
}

/// CPU seconds of this thread.
#[must_use]
pub fn cpu_seconds() -> f64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the kernel writes one timespec, which this is.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

static STEPS: AtomicUsize = AtomicUsize::new(0);

extern "C" fn count_step(_: i32) {
    STEPS.fetch_add(1, Ordering::Relaxed);
}

/// Sets or clears the trap flag (RFLAGS bit 8): the CPU stops after every instruction.
#[inline(always)]
fn trap_flag(on: bool) {
    if on {
        // SAFETY: the stack is as before; count_step() handles the traps.
        unsafe { asm!("pushfq", "or qword ptr [rsp], 0x100", "popfq") }
    } else {
        // SAFETY: the stack is as before.
        unsafe { asm!("pushfq", "and qword ptr [rsp], ~0x100", "popfq") }
    }
}

/// The instructions between the flag's setting and its clearing.
fn stepped(work: impl Fn()) -> usize {
    // SAFETY: all zeros are a value of the struct.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = count_step as *const () as usize;
    let none = std::ptr::null_mut();
    // SAFETY: the handler only counts.
    let set = unsafe { libc::sigaction(libc::SIGTRAP, &raw const action, none) };
    assert_eq!(set, 0);
    STEPS.store(0, Ordering::Relaxed);
    trap_flag(true);
    work();
    trap_flag(false);
    STEPS.load(Ordering::Relaxed)
}

/// The instructions a purgatory executes, counted one by one on this CPU.
#[must_use]
pub fn instructions(purgatory: &Purgatory) -> usize {
    let nothing = stepped(|| {});
    stepped(|| purgatory.run()) - nothing
}

/// Reads every byte once, by the loads that every x86-64 has, and adds them up: what memory
/// gives a program that does nothing with it.
#[must_use]
pub fn plain_read(bytes: &[u8]) -> u64 {
    use std::arch::x86_64::{
        _mm_add_epi64, _mm_cvtsi128_si64, _mm_loadu_si128, _mm_setzero_si128, _mm_unpackhi_epi64,
    };
    // SAFETY: SSE2 is part of x86-64.
    let zero = unsafe { _mm_setzero_si128() };
    let mut sums = [zero; 8];
    for chunk in bytes.chunks_exact(128) {
        for (sum, part) in sums.iter_mut().zip(chunk.chunks_exact(16)) {
            // SAFETY: sixteen bytes, at any address.
            let loaded = unsafe { _mm_loadu_si128(part.as_ptr().cast()) };
            // SAFETY: SSE2 is part of x86-64.
            *sum = unsafe { _mm_add_epi64(*sum, loaded) };
        }
    }
    let all = sums.into_iter().fold(zero, |all, sum| {
        // SAFETY: SSE2 is part of x86-64.
        unsafe { _mm_add_epi64(all, sum) }
    });
    // SAFETY: SSE2 is part of x86-64.
    let high = unsafe { _mm_unpackhi_epi64(all, all) };
    // SAFETY: SSE2 is part of x86-64.
    let total = unsafe { _mm_cvtsi128_si64(_mm_add_epi64(all, high)) };
    total as u64
}

/// Bytes of the last-level cache, by /sys; 0 if it does not say.
#[must_use]
pub fn last_level_cache() -> usize {
    let directory = std::path::Path::new("/sys/devices/system/cpu/cpu0/cache");
    let size = |index: usize| {
        let text = std::fs::read_to_string(directory.join(format!("index{index}/size"))).ok()?;
        text.trim().strip_suffix('K')?.parse::<usize>().ok()
    };
    (0..8).filter_map(size).max().unwrap_or(0) << 10
}
