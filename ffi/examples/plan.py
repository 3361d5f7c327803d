#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Prints what would be loaded where, using libkexec.so: plan.py KERNEL [COMMAND-LINE]"""

import ctypes as c
import sys


class Bytes(c.Structure):
    _fields_ = [("data", c.c_void_p), ("length", c.c_size_t)]


class Image(c.Structure):
    _fields_ = [
        ("size", c.c_size_t), ("format", c.c_uint32), ("arch", c.c_uint32),
        ("entries", c.c_uint32), ("protocol", c.c_uint32),
        ("xloadflags", c.c_uint32), ("relocatable", c.c_uint32), ("alignment", c.c_uint64),
        ("pref_address", c.c_uint64), ("init_size", c.c_uint64),
        ("command_line_size", c.c_uint64), ("kernel_size", c.c_uint64),
        ("setup_type_max", c.c_uint32), ("reserved", c.c_uint32), ("version", c.c_char * 256),
        ("banner", c.c_char * 256),
    ]


class Request(c.Structure):
    _fields_ = [
        ("size", c.c_size_t), ("kernel", Bytes), ("initrds", c.POINTER(Bytes)),
        ("initrd_count", c.c_size_t), ("modules", c.c_void_p), ("module_count", c.c_size_t),
        ("command_line", Bytes), ("dtb", Bytes),
        ("rng_seed", Bytes), ("digest_secret", Bytes), ("mem_min", c.c_uint64), ("mem_max", c.c_uint64),
        ("progress", c.c_void_p), ("progress_context", c.c_void_p), ("flags", c.c_uint32),
        ("on_failure", c.c_uint32), ("format", c.c_uint32), ("arch", c.c_uint32),
        ("entry", c.c_uint32), ("serial_kind", c.c_uint32), ("serial_address", c.c_uint64),
        ("serial_baud", c.c_uint32), ("reserved", c.c_uint32),
    ]


class PlanInfo(c.Structure):
    _fields_ = [
        ("size", c.c_size_t), ("entry", c.c_uint64), ("flags", c.c_uint64),
        ("kernel_entry", c.c_uint64), ("segment_count", c.c_uint32),
        ("note_count", c.c_uint32), ("setup_type_count", c.c_uint32),
        ("has_digest", c.c_uint32), ("digest", c.c_ubyte * 16), ("control_pages", c.c_uint64),
        ("mode", c.c_uint32), ("reserved", c.c_uint32),
    ]


class Segment(c.Structure):
    _fields_ = [
        ("size", c.c_size_t), ("buf", c.c_void_p), ("bufsz", c.c_size_t),
        ("mem", c.c_uint64), ("memsz", c.c_uint64), ("kind", c.c_uint32),
        ("number", c.c_uint32),
    ]


kx = c.CDLL("libkexec.so.0")
for name in ("kx_machine_size", "kx_workspace_size"):
    getattr(kx, name).restype = c.c_size_t
for name in ("kx_strerror", "kx_errname", "kx_segment_kind_name", "kx_version_string"):
    getattr(kx, name).restype = c.c_char_p


def made(structure):
    """A structure with its size set."""
    return structure(size=c.sizeof(structure))


def storage(size):
    """Aligned memory for an opaque object."""
    return (c.c_uint64 * (size // 8 + 1))()


def check(result):
    """Raises for an error."""
    if result < 0:
        raise OSError(f"{kx.kx_errname(result).decode()}: {kx.kx_strerror(result).decode()}")
    return result


def main(kernel, line):
    machine, workspace = storage(kx.kx_machine_size()), storage(kx.kx_workspace_size())
    check(kx.kx_machine_init(machine, c.c_size_t(c.sizeof(machine))))
    check(kx.kx_machine_read(machine))
    check(kx.kx_workspace_init(workspace, c.c_size_t(c.sizeof(workspace))))
    request, image = made(Request), made(Image)
    check(kx.kx_map(kernel.encode(), c.byref(request.kernel), None))
    check(kx.kx_image_probe_path(kernel.encode(), c.byref(image), None))
    print(f"version {image.version.decode()} protocol {image.protocol:#x}")
    encoded = line.encode()
    text = c.create_string_buffer(encoded)
    request.command_line = Bytes(c.addressof(text), len(encoded))
    check(kx.kx_plan(c.byref(request), machine, workspace, None))
    check(kx.kx_check(workspace, None))
    plan = made(PlanInfo)
    check(kx.kx_plan_get(workspace, c.byref(plan)))
    print(f"entry {plan.entry:#x} digest {bytes(plan.digest).hex()}")
    for index in range(plan.segment_count):
        segment = made(Segment)
        check(kx.kx_plan_segment(workspace, c.c_size_t(index), c.byref(segment)))
        name = kx.kx_segment_kind_name(segment.kind).decode()
        print(f"segment {name} {segment.mem:#x} {segment.memsz:#x}")
    check(kx.kx_unmap(c.byref(request.kernel)))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "")
