//! Sequences of calls of the C library on objects between canaries. Pointers are good or NULL,
//! as the header asks; sizes, constants and contents are anything.

use std::ptr::{null, null_mut};

use arbitrary::{Arbitrary, Unstructured};
use kexec_c::bytes::kx_bytes;
use kexec_c::check::kx_check;
use kexec_c::check::kx_check_segments;
use kexec_c::crash_info::{kx_crash_info, kx_machine_crash};
use kexec_c::error::kx_error;
use kexec_c::image::{kx_image, kx_image_probe};
use kexec_c::inspect::{
    kx_plan_boot_params, kx_plan_get, kx_plan_info, kx_plan_segment, kx_segment,
};
use kexec_c::machine::{
    KX_MACHINE_WORDS, kx_machine, kx_machine_clear, kx_machine_init, kx_machine_size,
};
use kexec_c::machine_get::{
    kx_machine_boot_params, kx_machine_command_line, kx_machine_get, kx_machine_set,
};
use kexec_c::machine_info::{kx_machine_info, kx_memory};
use kexec_c::machine_input::{kx_machine_add_memory, kx_machine_parse};
use kexec_c::machine_maps::kx_machine_memory;
use kexec_c::message::kx_error_message;
use kexec_c::module::kx_module;
use kexec_c::note::kx_plan_note;
use kexec_c::plan::{kx_plan, kx_plan_to_boot};
use kexec_c::request::{kx_request, kx_reuse_command_line};
use kexec_c::workspace::{KX_WORKSPACE_WORDS, kx_workspace, kx_workspace_init, kx_workspace_size};

use crate::case::{Address, Region};
use crate::kernel::Image;
use crate::random::Random;

/// Inputs that become calls.
pub fn seeds() -> Vec<Vec<u8>> {
    Random::inputs(21, &[64, 256, 1024], 12)
}

#[derive(Arbitrary, Debug)]
enum Call<'a> {
    Init {
        size: u8,
    },
    Clear,
    Parse {
        source: u8,
        contents: &'a [u8],
    },
    Iomem(Vec<(Region, bool)>),
    Memory {
        map: u8,
        region: Region,
        kind: u8,
    },
    SetInfo {
        size: Size,
        fill: &'a [u8],
    },
    GetInfo {
        size: Size,
    },
    Entry {
        index: u8,
        size: Size,
    },
    Texts {
        room: u16,
    },
    Probe {
        image: Image,
        size: Size,
    },
    Plan {
        image: Image,
        request: Request<'a>,
        to_boot: bool,
    },
    Look {
        index: u8,
        size: Size,
    },
    Check {
        entry: Address,
        segments: Vec<Region>,
    },
}

/// The size member of a structure.
#[derive(Arbitrary, Debug)]
enum Size {
    Right,
    More,
    Other(u8),
}

#[derive(Arbitrary, Debug)]
struct Request<'a> {
    size: Size,
    initrd: u16,
    command_line: &'a [u8],
    seed: bool,
    mem_min: Address,
    mem_max: Address,
    flags: u16,
    on_failure: u8,
    port: u32,
    baud: u32,
}

const CANARY: u64 = 0xc0de_cafe_f00d_beef;
const AROUND: usize = 8;

/// Room for an object of so many 64-bit words, canaries around it.
struct Guarded {
    words: Vec<u64>,
    used: usize,
}

impl Guarded {
    fn new(used: usize) -> Self {
        Self {
            words: vec![CANARY; used + 2 * AROUND],
            used,
        }
    }

    fn object<T>(&mut self) -> *mut T {
        assert!(size_of::<T>() >= self.used * 8 || size_of::<T>() <= self.used * 8);
        self.words[AROUND..].as_mut_ptr().cast()
    }

    fn check(&self) {
        let (before, rest) = self.words.split_at(AROUND);
        let after = &rest[self.used..];
        assert!(
            before.iter().chain(after).all(|word| *word == CANARY),
            "a canary died"
        );
    }
}

/// A structure with its size member. It has no more bytes than that says; canaries follow it.
struct Structure(Guarded);

impl Structure {
    fn new<T>(size: &Size, fill: &[u8]) -> Self {
        let known = size_of::<T>();
        let passed = match size {
            Size::Right => known,
            Size::More => known + 32,
            Size::Other(other) => usize::from(*other) * 4,
        };
        // A size the library refuses need not be there; the size member must.
        let words = passed.div_ceil(8).max(1);
        let mut room = Guarded::new(words);
        for (word, bytes) in room.words[AROUND..AROUND + words].iter_mut().zip(0..) {
            let at = |offset: usize| fill.get(bytes * 8 + offset).copied().unwrap_or(0);
            *word = u64::from_le_bytes(std::array::from_fn(at));
        }
        room.words[AROUND] = passed as u64;
        // Bytes of the last word past the size are a canary too.
        Self(room)
    }

    fn get<T>(&mut self) -> *mut T {
        self.0.object()
    }
}

/// The state of a sequence.
struct Session {
    machine: Guarded,
    workspace: Guarded,
    error: Structure,
    kernel: Vec<u8>,
    initrd: Vec<u8>,
    line: Vec<u8>,
}

thread_local! {
    static SESSION: std::cell::RefCell<Session> = std::cell::RefCell::new(Session {
        machine: Guarded::new(kx_machine_size().div_ceil(8)),
        workspace: Guarded::new(kx_workspace_size().div_ceil(8)),
        error: Structure::new::<kx_error>(&Size::Right, &[]),
        kernel: Vec::new(),
        initrd: Vec::new(),
        line: Vec::new(),
    });
}

/// The target.
pub fn run(data: &[u8]) {
    assert!(
        kx_machine_size() <= KX_MACHINE_WORDS * 8 && kx_workspace_size() <= KX_WORKSPACE_WORDS * 8
    );
    SESSION.with_borrow_mut(|session| {
        session.begin();
        let mut input = Unstructured::new(data);
        for _ in 0..12 {
            if input.is_empty() {
                break;
            }
            let Ok(call) = input.arbitrary::<Call<'_>>() else {
                break;
            };
            session.call(call);
            session.machine.check();
            session.workspace.check();
            session.error.0.check();
        }
    });
}

impl Session {
    fn machine(&mut self) -> *mut kx_machine {
        self.machine.object()
    }

    fn workspace(&mut self) -> *mut kx_workspace {
        self.workspace.object()
    }

    /// As good as new: to write zeros to all of both would take most of the time.
    fn begin(&mut self) {
        let (machine, workspace) = (self.machine(), self.workspace());
        if self.kernel.is_empty() {
            self.init(u8::MAX);
        }
        self.kernel = vec![0];
        self.error = Structure::new::<kx_error>(&Size::Right, &[]);
        // SAFETY: the machine was initialised.
        let _ = unsafe { kx_machine_clear(machine) };
        // SAFETY: the workspace was initialised; a plan of nothing forgets what was planned.
        let none = unsafe { kx_plan(null(), machine, workspace, null_mut()) };
        assert!(none < 0);
    }

    fn init(&mut self, size: u8) {
        let (machine, workspace) = (self.machine(), self.workspace());
        let part = |all: usize| {
            if size == u8::MAX {
                all
            } else {
                all * usize::from(size) / 255
            }
        };
        // SAFETY: the object has as many bytes as are passed, or more.
        let made = unsafe { kx_machine_init(machine, part(kx_machine_size())) };
        assert_eq!(made == 0, size == u8::MAX);
        // SAFETY: as before.
        let made = unsafe { kx_workspace_init(workspace, part(kx_workspace_size())) };
        assert_eq!(made == 0, size == u8::MAX);
    }

    fn call(&mut self, call: Call<'_>) {
        let (machine, workspace) = (self.machine(), self.workspace());
        let error = self.error.get::<kx_error>();
        match call {
            Call::Init { size } => self.init(size),
            Call::Clear => {
                // SAFETY: the machine was initialised.
                assert_eq!(unsafe { kx_machine_clear(machine) }, 0);
            }
            Call::Parse { source, contents } => parse(machine, u32::from(source % 20), contents),
            Call::Iomem(ranges) => {
                let lines = ranges.iter().take(16).map(|(region, ram)| {
                    let name = if *ram { "System RAM" } else { "Crash kernel" };
                    format!("{:x}-{:x} : {name}\n", region.start, region.last)
                });
                parse(machine, 1, lines.collect::<String>().as_bytes());
            }
            Call::Memory { map, region, kind } => {
                let (map, kind) = (u32::from(map % 4), u32::from(kind % 16));
                // SAFETY: the machine was initialised.
                unsafe { kx_machine_add_memory(machine, map, region.start, region.last, kind) };
            }
            Call::SetInfo { size, fill } => {
                let mut info = Structure::new::<kx_machine_info>(&size, fill);
                // SAFETY: the machine was initialised, the structure is as large as it says.
                unsafe { kx_machine_set(machine, info.get()) };
                info.0.check();
            }
            Call::GetInfo { size } => {
                let mut info = Structure::new::<kx_machine_info>(&size, &[]);
                // SAFETY: as before.
                unsafe { kx_machine_get(machine, info.get()) };
                info.0.check();
                let mut crash = Structure::new::<kx_crash_info>(&size, &[]);
                // SAFETY: as before.
                unsafe { kx_machine_crash(machine, crash.get()) };
                crash.0.check();
            }
            Call::Entry { index, size } => {
                let mut memory = Structure::new::<kx_memory>(&size, &[]);
                let (map, index) = (u32::from(index & 3), usize::from(index >> 2));
                // SAFETY: as before.
                unsafe { kx_machine_memory(machine, map, index, memory.get()) };
                memory.0.check();
            }
            Call::Texts { room } => self.texts(usize::from(room)),
            Call::Probe { image, size } => {
                let file = image.file();
                let mut passed = Structure::new::<kx_image>(&size, &[]);
                // SAFETY: the file's bytes, and structures as large as they say.
                unsafe { kx_image_probe(file.as_ptr().cast(), file.len(), passed.get(), error) };
                passed.0.check();
            }
            Call::Plan {
                image,
                request,
                to_boot,
            } => self.plan(&image, &request, to_boot),
            Call::Look { index, size } => self.look(usize::from(index), &size),
            Call::Check { entry, segments } => check(entry.0, &segments, error),
        }
        let _ = workspace;
    }

    /// Functions that write to a buffer: whole and ended, or not at all.
    fn texts(&mut self, room: usize) {
        let (machine, workspace) = (self.machine(), self.workspace());
        let error = self.error.get::<kx_error>();
        let line = b"a b=\"c d\" crashkernel=1G BOOT_IMAGE=/x";
        type Write<'a> = &'a dyn Fn(*mut core::ffi::c_char, usize) -> core::ffi::c_int;
        let calls: [Write<'_>; 5] = [
            // SAFETY: all objects were initialised, and the buffer has `size` bytes.
            &|to, size| unsafe { kx_machine_command_line(machine, to, size) },
            // SAFETY: as before.
            &|to, size| unsafe { kx_machine_boot_params(machine, to.cast(), size) },
            // SAFETY: as before.
            &|to, size| unsafe { kx_plan_note(workspace, size % 5, to, size) },
            // SAFETY: as before.
            &|to, size| unsafe { kx_error_message(error, to, size) },
            // SAFETY: as before.
            &|to, size| unsafe {
                kx_reuse_command_line(line.as_ptr().cast(), line.len(), 1, to, size)
            },
        ];
        for call in calls {
            let mut buffer = vec![0xee; room + 16];
            let written = call(buffer.as_mut_ptr().cast(), room);
            let used = usize::try_from(written).unwrap_or(0);
            assert!(used <= room, "{used} bytes in {room}");
            assert!(
                buffer[room..].iter().all(|byte| *byte == 0xee),
                "written past the buffer"
            );
        }
    }

    fn plan(&mut self, image: &Image, wanted: &Request<'_>, to_boot: bool) {
        let (machine, workspace) = (self.machine(), self.workspace());
        let error = self.error.get::<kx_error>();
        // The plan points at these, and is looked at later.
        self.kernel = image.file();
        self.initrd = vec![0x42; usize::from(wanted.initrd & 0xfff)];
        self.line = wanted.command_line.to_vec();
        let bytes = |data: &[u8]| kx_bytes {
            data: data.as_ptr().cast(),
            length: data.len(),
        };
        let seed = [7; 32];
        let initrds = [bytes(&self.initrd)];
        let (known, passed) = (
            size_of::<kx_request>(),
            match wanted.size {
                Size::Right | Size::More => size_of::<kx_request>(),
                Size::Other(size) => usize::from(size),
            },
        );
        let module = |arguments: &[u8]| kx_module {
            size: size_of::<kx_module>(),
            data: bytes(&self.initrd),
            arguments: bytes(arguments),
            flags: 0,
            reserved: 0,
        };
        let modules = [module(&self.line), module(&[])];
        // What asks for something of the image, for one plan in four: most of it is refused.
        let wants = if wanted.baud & 3 == 3 {
            (wanted.baud >> 2) as usize
        } else {
            0
        };
        let request = kx_request {
            size: passed.min(known),
            kernel: bytes(&self.kernel),
            initrds: initrds.as_ptr(),
            initrd_count: usize::from(!self.initrd.is_empty()),
            modules: modules.as_ptr(),
            module_count: wants >> 10 & 1,
            command_line: bytes(&self.line),
            dtb: bytes(&[]),
            rng_seed: bytes(if wanted.seed { &seed } else { &[] }),
            digest_secret: bytes(&[]),
            mem_min: if wanted.flags & 0x400 != 0 {
                wanted.mem_min.0
            } else {
                0
            },
            mem_max: if wanted.flags & 0x800 != 0 {
                wanted.mem_max.0
            } else {
                0
            },
            progress: None,
            progress_context: null_mut(),
            flags: (u32::from(wanted.flags) & 0xff) << 8
                | u32::from(matches!(image, Image::Vmlinux(_))) << 16
                | ((wants >> 11 & 3) as u32) << 17,
            on_failure: u32::from(wanted.on_failure % 3),
            format: (wants & 0x1f) as u32,
            arch: (wants >> 5 & 3) as u32,
            entry: (wants >> 7 & 3) as u32,
            serial_kind: (wants >> 9 & 1) as u32,
            serial_address: (wanted.port >> 12).into(),
            serial_baud: if wanted.flags & 0x1000 != 0 {
                wanted.baud >> 14
            } else {
                0
            },
            reserved: 0,
        };
        let made = if to_boot {
            // SAFETY: both were initialised, and the request's bytes are there.
            unsafe { kx_plan_to_boot(&request, machine, workspace) }
        } else {
            // SAFETY: as before.
            unsafe { kx_plan(&request, machine, workspace, error) }
        };
        assert!(made <= 0);
        let mut info = Structure::new::<kx_plan_info>(&Size::Right, &[]);
        // SAFETY: it was initialised, and the structure is as large as it says.
        let got = unsafe { kx_plan_get(workspace, info.get()) };
        assert_eq!(made == 0, got == 0, "planned {made}, read {got}");
        info.0.check();
    }

    fn look(&mut self, index: usize, size: &Size) {
        let workspace = self.workspace();
        let error = self.error.get::<kx_error>();
        let mut segment = Structure::new::<kx_segment>(size, &[]);
        // SAFETY: it was initialised, and the structure is as large as it says.
        unsafe { kx_plan_segment(workspace, index, segment.get()) };
        segment.0.check();
        let mut info = Structure::new::<kx_plan_info>(size, &[]);
        // SAFETY: as before.
        unsafe { kx_plan_get(workspace, info.get()) };
        info.0.check();
        let mut bytes = kx_bytes {
            data: null_mut(),
            length: 0,
        };
        // SAFETY: as before.
        if unsafe { kx_plan_boot_params(workspace, &mut bytes) } == 0 {
            // SAFETY: the library says that so many bytes are there.
            let page = unsafe { std::slice::from_raw_parts(bytes.data.cast::<u8>(), bytes.length) };
            assert_eq!(&page[0x202..0x206], b"HdrS");
        }
        // SAFETY: as before.
        unsafe { kx_check(workspace, error) };
    }
}

fn parse(machine: *mut kx_machine, source: u32, contents: &[u8]) {
    // SAFETY: the machine was initialised, and the bytes are there.
    unsafe { kx_machine_parse(machine, source, contents.as_ptr().cast(), contents.len()) };
}

fn check(entry: u64, regions: &[Region], error: *mut kx_error) {
    let bytes = [0x90_u8; 64];
    let segments: Vec<kx_segment> = regions
        .iter()
        .take(20)
        .map(|region| kx_segment {
            size: size_of::<kx_segment>(),
            buf: bytes.as_ptr().cast(),
            bufsz: bytes.len(),
            mem: region.start,
            memsz: region.last.wrapping_sub(region.start).wrapping_add(1),
            kind: 0,
            number: 0,
        })
        .collect();
    // SAFETY: that many segments, whose bytes are there; limits may be NULL.
    let good =
        unsafe { kx_check_segments(segments.as_ptr(), segments.len(), entry, null_mut(), error) };
    let inside = |segment: &kx_segment| entry >= segment.mem && entry - segment.mem < 64;
    assert!(
        good != 0 || segments.iter().any(inside),
        "the entry lies in no bytes"
    );
}
