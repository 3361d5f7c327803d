//! The code that enters real mode, run by an interpreter that knows its instructions and what the CPU asks for
//! (Intel SDM vol. 3A, "Switching Back to Real-Address Mode"). Anything else is a panic.

use kexec_core::purgatory::RealMode;

const AT: u32 = 0x4_f000;
const STACK: u32 = 0x20_0000;
const ENTRY: (u16, u16) = (0x4120, 0);
const PROGRAM_STACK: (u16, u16) = (0x4100, 0xe000);
const PE: u32 = 1;

/// A segment register, with its hidden part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Segment {
    selector: u16,
    base: u32,
    limit: u32,
    /// Whether offsets and operands are of 32 bits; for CS.
    big: bool,
}

/// As the purgatory leaves them.
const FLAT: Segment = Segment {
    selector: 0x18,
    base: 0,
    limit: 0xffff_ffff,
    big: true,
};

/// ES, CS, SS, DS, FS, GS: their numbers in an instruction.
const CS: usize = 1;
const SS: usize = 2;
const DS: usize = 3;

struct Cpu {
    memory: Vec<u8>,
    /// EAX, ECX, EDX, EBX, ESP, EBP, ESI, EDI.
    registers: [u32; 8],
    ip: u32,
    segments: [Segment; 6],
    cr0: u32,
    gdt: (u16, u32),
    idt: (u16, u32),
    ports: Vec<(u16, u8)>,
    /// PE has been cleared, and no far jump has followed.
    between: bool,
}

impl Cpu {
    fn new(code: &[u8]) -> Self {
        let mut memory = vec![0xcc; STACK as usize];
        memory[AT as usize..][..code.len()].copy_from_slice(code);
        let mut registers = [0x5a5a_5a5a; 8];
        registers[3] = AT;
        registers[4] = STACK;
        let code = Segment {
            selector: 0x10,
            ..FLAT
        };
        Self {
            memory,
            registers,
            ip: AT,
            segments: [FLAT, code, FLAT, FLAT, FLAT, FLAT],
            cr0: 0x33,
            gdt: (0, 0),
            idt: (0, 0),
            ports: Vec::new(),
            between: false,
        }
    }

    fn bytes<const N: usize>(&self, segment: usize, offset: u32) -> [u8; N] {
        let Segment { base, limit, .. } = self.segments[segment];
        assert!(offset + (N as u32 - 1) <= limit, "beyond the limit");
        self.memory[(base + offset) as usize..][..N]
            .try_into()
            .unwrap()
    }

    fn fetch<const N: usize>(&mut self) -> [u8; N] {
        let bytes = self.bytes(CS, self.ip);
        self.ip += N as u32;
        bytes
    }

    fn word(&mut self) -> u32 {
        u16::from_le_bytes(self.fetch()).into()
    }

    fn push(&mut self, value: u32) {
        self.registers[4] -= 4;
        let at = self.registers[4] as usize;
        self.memory[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }

    fn load(&mut self, to: usize, selector: u16) {
        if self.cr0 & PE == 0 {
            // Selector and base; the limit stays, and what CS is.
            self.segments[to].selector = selector;
            self.segments[to].base = u32::from(selector) << 4;
            return;
        }
        assert!(u32::from(selector) + 7 <= self.gdt.0.into() && selector >= 8);
        let at = (self.gdt.1 + u32::from(selector)) as usize;
        let descriptor = u64::from_le_bytes(self.memory[at..at + 8].try_into().unwrap());
        // Present, code or data, readable or writable, accessed; no granularity.
        let kind = if to == CS { 0x9b } else { 0x93 };
        assert_eq!(descriptor >> 40 & 0xff, kind, "{descriptor:#x}");
        assert_eq!(descriptor >> 55 & 1, 0, "granularity");
        let base = descriptor >> 16 & 0xff_ffff | descriptor >> 32 & 0xff00_0000;
        self.segments[to] = Segment {
            selector,
            base: base as u32,
            limit: (descriptor & 0xffff | descriptor >> 32 & 0xf_0000) as u32,
            big: descriptor >> 54 & 1 != 0,
        };
    }

    fn far(&mut self, selector: u16, ip: u32) {
        self.load(CS, selector);
        self.ip = ip;
        self.between = false;
    }

    fn set_cr0(&mut self, value: u32) {
        if self.cr0 & !value & PE != 0 {
            let hidden = self.segments.map(|segment| (segment.limit, segment.big));
            assert_eq!(hidden, [(0xffff, false); 6], "what stays in real mode");
            assert_eq!(self.idt, (0x3ff, 0), "the vectors");
            self.between = true;
        }
        self.cr0 = value;
    }

    /// A far pointer at an offset in a segment.
    fn pointer(&self, segment: usize, offset: u32) -> (u16, u32) {
        let [a, b, c, d] = self.bytes(segment, offset);
        (
            u16::from_le_bytes([c, d]),
            u16::from_le_bytes([a, b]).into(),
        )
    }

    fn step(&mut self) {
        if self.segments[CS].big {
            return self.step_32();
        }
        let mut at = DS;
        let [mut code] = self.fetch();
        let mut wide = false;
        while let 0x2e | 0x66 = code {
            if code == 0x2e {
                at = CS;
            } else {
                wide = true;
            }
            [code] = self.fetch();
        }
        assert!(!self.between || code == 0xff, "a far jump comes next");
        match code {
            0xb8 if wide => self.registers[0] = u32::from_le_bytes(self.fetch()),
            0xb8 => self.registers[0] = self.registers[0] & 0xffff_0000 | self.word(),
            0x31 if wide => self.xor(),
            0x8e => {
                let [form] = self.fetch();
                let to = usize::from(form >> 3 & 7);
                let selector = match form & 0xc7 {
                    0xc0 => self.registers[0] as u16,
                    0x06 => {
                        let offset = self.word();
                        u16::from_le_bytes(self.bytes(at, offset))
                    }
                    _ => panic!("mov {form:#x}"),
                };
                self.load(to, selector);
            }
            0xff => {
                assert_eq!(self.fetch(), [0x2e]);
                let offset = self.word();
                let (selector, ip) = self.pointer(at, offset);
                self.far(selector, ip);
            }
            0x0f => match self.fetch() {
                [0x01, 0x1e] => {
                    let offset = self.word();
                    let [a, b, base @ ..] = self.bytes::<6>(at, offset);
                    self.idt = (
                        u16::from_le_bytes([a, b]),
                        u32::from_le_bytes(base) & 0xff_ffff,
                    );
                }
                [0x22, 0xc0] => self.set_cr0(self.registers[0]),
                [0xb2, 0x26] => {
                    let offset = self.word();
                    let (selector, sp) = self.pointer(at, offset);
                    self.load(SS, selector);
                    self.registers[4] = self.registers[4] & 0xffff_0000 | sp;
                }
                other => panic!("0f {other:x?}"),
            },
            other => panic!("{other:#x} in 16 bit"),
        }
    }

    fn step_32(&mut self) {
        match self.fetch() {
            [0x8d] => {
                assert_eq!(self.fetch(), [0xb3]);
                self.registers[6] = self.registers[3] + u32::from_le_bytes(self.fetch());
            }
            [code @ (0xb8 | 0xb9)] => {
                self.registers[usize::from(code & 7)] = u32::from_le_bytes(self.fetch());
            }
            [0x31] => self.xor(),
            [0x8a] => {
                let [form] = self.fetch();
                let (to, offset) = match form {
                    0x16 => (2, 0),
                    0x46 => (0, u32::from(self.fetch::<1>()[0])),
                    _ => panic!("mov {form:#x}"),
                };
                let [byte] = self.bytes(DS, self.registers[6] + offset);
                self.registers[to] = self.registers[to] & !0xff | u32::from(byte);
            }
            [0xee] => self.out(self.registers[2] as u16),
            [0xe6] => {
                let [port] = self.fetch();
                self.out(port.into());
            }
            [0x83] => {
                let [form, number] = self.fetch();
                assert_eq!(form, 0xc6);
                self.registers[6] += u32::from(number);
            }
            [0xe2] => {
                let [distance] = self.fetch();
                self.registers[1] -= 1;
                if self.registers[1] != 0 {
                    self.ip = self.ip.wrapping_add_signed((distance as i8).into());
                }
            }
            [0x0f] => {
                assert_eq!(self.fetch(), [0x01, 0x93]);
                let at = self.registers[3] + u32::from_le_bytes(self.fetch());
                let [a, b, base @ ..] = self.bytes::<6>(DS, at);
                self.gdt = (u16::from_le_bytes([a, b]), u32::from_le_bytes(base));
            }
            [0x6a] => {
                let [number] = self.fetch();
                self.push(number.into());
            }
            [0x50] => self.push(self.registers[0]),
            [0xcb] => {
                let at = self.registers[4];
                let ip = u32::from_le_bytes(self.bytes(SS, at));
                let selector = u16::from_le_bytes(self.bytes(SS, at + 4));
                self.registers[4] = at + 8;
                self.far(selector, ip);
            }
            [other] => panic!("{other:#x} in 32 bit"),
        }
    }

    /// A register by itself.
    fn xor(&mut self) {
        let [form] = self.fetch();
        assert!(form >= 0xc0 && form >> 3 & 7 == form & 7);
        self.registers[usize::from(form & 7)] = 0;
    }

    fn out(&mut self, port: u16) {
        self.ports.push((port, self.registers[0] as u8));
    }
}

/// Runs the code up to the program.
fn run(code: &[u8]) -> Cpu {
    let mut cpu = Cpu::new(code);
    for _ in 0..1000 {
        cpu.step();
        let Segment { selector, base, .. } = cpu.segments[CS];
        if cpu.cr0 & PE == 0 && (selector, cpu.ip) == (ENTRY.0, ENTRY.1.into()) {
            assert_eq!(base, u32::from(ENTRY.0) << 4);
            return cpu;
        }
    }
    panic!("it never gets there");
}

fn code() -> Vec<u8> {
    let mut code = vec![0; RealMode::SIZE];
    let program = RealMode {
        address: AT,
        entry: ENTRY,
        stack: PROGRAM_STACK,
    };
    program.build(&mut code).unwrap();
    code
}

#[test]
fn real_mode_is_entered_in_the_one_order_there_is() {
    let cpu = run(&code());
    assert_eq!(cpu.cr0, 0x10);
    assert_eq!(cpu.idt, (0x3ff, 0));
    // ESP is SP.
    assert_eq!(cpu.registers, [0, 0, 0, 0, 0xe000, 0, 0, 0]);
    for (number, segment) in cpu.segments.iter().enumerate() {
        let selector = if number == CS { 0x4120 } else { 0x4100 };
        let expected = Segment {
            selector,
            base: u32::from(selector) << 4,
            limit: 0xffff,
            big: false,
        };
        assert_eq!(*segment, expected, "{number}");
    }
}

#[test]
fn interrupt_controllers_and_timer_are_a_bios_s() {
    let ports = run(&code()).ports;
    // After each byte a pause.
    let pauses = ports.iter().skip(1).step_by(2);
    assert!(pauses.clone().all(|(port, _)| *port == 0x80) && pauses.count() == 13);
    let told: Vec<(u16, u8)> = ports.into_iter().step_by(2).collect();
    let expected = [
        (0x20, 0x11),
        (0xa0, 0x11),
        (0x21, 0x08),
        (0xa1, 0x70),
        (0x21, 0x04),
        (0xa1, 0x02),
        (0x21, 0x01),
        (0xa1, 0x01),
        (0x43, 0x36),
        (0x40, 0x00),
        (0x40, 0x00),
        (0x21, 0xb8),
        (0xa1, 0x8e),
    ];
    assert_eq!(told, expected);
}

/// The interpreter finds what the CPU would not take: among others a segment of 4 GiB, or of 32 bits, that
/// stays in real mode.
#[test]
fn wrong_descriptors_and_vectors_are_found() {
    let sound = code();
    // Limit, type, granularity and size of both descriptors; the limit of the vectors; its own segment.
    for (at, bit) in [
        (168, 0),
        (173, 7),
        (174, 7),
        (174, 6),
        (176, 0),
        (181, 7),
        (182, 7),
        (182, 6),
        (184, 0),
        (186, 0),
        (192, 1),
    ] {
        let mut damaged = sound.clone();
        damaged[at] ^= 1 << bit;
        let found = std::panic::catch_unwind(|| run(&damaged));
        assert!(found.is_err(), "byte {at}, bit {bit}");
    }
}
