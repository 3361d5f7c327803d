//! Takes network interfaces down, so that no device writes received packets into memory that the
//! next kernel uses, and so that peers see the link go down.
//!
//! It uses rtnetlink (include/uapi/linux/rtnetlink.h), which lists every interface, with or without an
//! address, and needs neither /sys nor /proc.

use linux_raw_sys::{general as raw, net};

use super::arch;
use super::fd::Fd;
use crate::Errno;

const NETLINK_ROUTE: usize = 0;
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const NLM_F_REQUEST: u16 = 1;
const NLM_F_DUMP: u16 = 0x300;
const RTM_NEWLINK: u16 = 16;
const RTM_GETLINK: u16 = 18;
const IFF_UP: u32 = 1;
const IFF_LOOPBACK: u32 = 8;
/// `struct nlmsghdr` and `struct ifinfomsg`: 16 bytes each, in the host's byte order.
const HEADER: usize = 16;
const MESSAGE: usize = 32;

/// Interfaces per round, and the number of rounds: enough for thousands, and finite if some stay up.
const ROUND: usize = 256;
const ROUNDS: usize = 64;

/// Takes all interfaces except loopback down; returns how many requests the kernel accepted.
///
/// # Errors
/// The errno of socket(2), sendto(2) or recvfrom(2): EAFNOSUPPORT where the kernel has no
/// network. An interface that cannot be taken down is no error.
pub fn interfaces_down() -> Result<usize, Errno> {
    let mut done: usize = 0;
    for _ in 0..ROUNDS {
        let mut up = [0_i32; ROUND];
        let up = list_up(&mut up)?;
        let mut changed: usize = 0;
        for index in up {
            if set_down(*index).is_ok() {
                changed = changed.saturating_add(1);
            }
        }
        done = done.saturating_add(changed);
        // One round handles all interfaces, unless it was full.
        if up.len() < ROUND || changed == 0 {
            break;
        }
    }
    Ok(done)
}

/// The indices of interfaces that are up, except loopback.
fn list_up(indices: &mut [i32; ROUND]) -> Result<&[i32], Errno> {
    let socket = socket()?;
    send(&socket, &message(RTM_GETLINK, NLM_F_DUMP, 0, 0))?;
    let mut count: usize = 0;
    // The kernel sends messages of at most this size (NLMSG_GOODSIZE, two pages), unless the
    // reader has passed a larger buffer before.
    let mut buffer = [0_u8; 16384];
    'receive: loop {
        let mut rest = receive(&socket, &mut buffer)?;
        if rest.is_empty() {
            break;
        }
        while let Some(header) = rest.get(..HEADER) {
            let length = u32_at(header, 0) as usize;
            match u16_at(header, 4) {
                NLMSG_DONE | NLMSG_ERROR => break 'receive,
                RTM_NEWLINK => {
                    let flags = u32_at(rest, 24);
                    let up = flags & (IFF_UP | IFF_LOOPBACK) == IFF_UP;
                    if let Some(slot) = indices.get_mut(count).filter(|_| up) {
                        *slot = u32_at(rest, 20) as i32;
                        count = count.saturating_add(1);
                    }
                }
                _ => {}
            }
            // With a length shorter than the header the loop would not end.
            let next = (length.max(HEADER).saturating_add(3)) & !3;
            rest = rest.get(next..).unwrap_or_default();
        }
    }
    Ok(indices.get(..count).unwrap_or_default())
}

/// RTM_NEWLINK for an existing index, with IFF_UP as the only flag to change. The request is
/// complete when sendto(2) returns; an acknowledgement is requested to get its result.
fn set_down(index: i32) -> Result<(), Errno> {
    const NLM_F_ACK: u16 = 4;
    let socket = socket()?;
    send(&socket, &message(RTM_NEWLINK, NLM_F_ACK, index, IFF_UP))?;
    let mut buffer = [0_u8; 1024];
    let reply = receive(&socket, &mut buffer)?;
    // nlmsgerr: the negative errno after the header; 0 is the acknowledgement.
    match u32_at(reply, HEADER) as i32 {
        0 => Ok(()),
        error => Err(Errno(error.unsigned_abs() as u16)),
    }
}

/// A request: nlmsghdr, then an ifinfomsg whose flags are 0 in the bits of `change`.
fn message(kind: u16, flags: u16, index: i32, change: u32) -> [u8; MESSAGE] {
    let mut bytes = [0_u8; MESSAGE];
    let fields: [(usize, &[u8]); 5] = [
        (0, &(MESSAGE as u32).to_ne_bytes()),
        (4, &kind.to_ne_bytes()),
        (6, &(flags | NLM_F_REQUEST).to_ne_bytes()),
        (20, &index.to_ne_bytes()),
        (28, &change.to_ne_bytes()),
    ];
    for (offset, field) in fields {
        for (to, from) in bytes.iter_mut().skip(offset).zip(field) {
            *to = *from;
        }
    }
    bytes
}

fn u16_at(bytes: &[u8], offset: usize) -> u16 {
    let raw = bytes.get(offset..).and_then(|rest| rest.first_chunk());
    raw.map_or(0, |raw| u16::from_ne_bytes(*raw))
}

fn u32_at(bytes: &[u8], offset: usize) -> u32 {
    let raw = bytes.get(offset..).and_then(|rest| rest.first_chunk());
    raw.map_or(0, |raw| u32::from_ne_bytes(*raw))
}

fn socket() -> Result<Fd, Errno> {
    const FAMILY: usize = net::AF_NETLINK as usize;
    // SOCK_CLOEXEC is O_CLOEXEC on every architecture here.
    const KIND: usize = (net::SOCK_RAW | raw::O_CLOEXEC) as usize;
    let arguments = [FAMILY, KIND, NETLINK_ROUTE, 0, 0, 0];
    // SAFETY: socket(2) takes no pointer.
    arch::result(unsafe { arch::syscall(raw::__NR_socket, arguments) }).map(Fd::returned)
}

/// Sends to the kernel, the default destination of an unconnected netlink socket.
fn send(socket: &Fd, bytes: &[u8; MESSAGE]) -> Result<(), Errno> {
    let start = bytes.as_ptr() as usize;
    let arguments = [socket.argument(), start, MESSAGE, 0, 0, 0];
    // SAFETY: the kernel reads the message, no more than its length; there is no address.
    arch::result(unsafe { arch::syscall(raw::__NR_sendto, arguments) }).map(|_| ())
}

fn receive<'a>(socket: &Fd, buffer: &'a mut [u8]) -> Result<&'a [u8], Errno> {
    loop {
        let (start, length) = (buffer.as_mut_ptr() as usize, buffer.len());
        let arguments = [socket.argument(), start, length, 0, 0, 0];
        // SAFETY: the kernel writes at most the buffer's length; no address is asked for.
        match arch::result(unsafe { arch::syscall(raw::__NR_recvfrom, arguments) }) {
            Ok(got) => return Ok(buffer.get(..got).unwrap_or_default()),
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno),
        }
    }
}

#[cfg(test)]
#[path = "ifdown_tests.rs"]
mod tests;
