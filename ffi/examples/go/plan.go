// SPDX-License-Identifier: MIT OR Apache-2.0

// Prints what would be loaded where, using libkexec: plan KERNEL [COMMAND-LINE]
package main

// #cgo LDFLAGS: -lkexec
// #include <stdlib.h>
// #include <libkexec.h>
//
// /* Go memory must not point to C memory while C works on it, so the request is made here. */
// static int plan(struct kx_bytes kernel, char *line, size_t length,
//                 struct kx_machine *machine, struct kx_workspace *workspace)
// {
//     struct kx_request request = { .size = sizeof request, .kernel = kernel };
//     request.command_line.data = line;
//     request.command_line.length = length;
//     return kx_plan(&request, machine, workspace, NULL);
// }
import "C"

import (
	"fmt"
	"os"
	"unsafe"
)

func check(result C.int) {
	if result < 0 {
		fmt.Fprintf(os.Stderr, "%s: %s\n", C.GoString(C.kx_errname(result)),
			C.GoString(C.kx_strerror(result)))
		os.Exit(1)
	}
}

func main() {
	line := ""
	if len(os.Args) > 2 {
		line = os.Args[2]
	}
	path, text := C.CString(os.Args[1]), C.CString(line)
	machine := (*C.struct_kx_machine)(C.malloc(C.kx_machine_size()))
	workspace := (*C.struct_kx_workspace)(C.malloc(C.kx_workspace_size()))
	check(C.kx_machine_init(machine, C.kx_machine_size()))
	check(C.kx_machine_read(machine))
	check(C.kx_workspace_init(workspace, C.kx_workspace_size()))

	var kernel C.struct_kx_bytes
	image := C.struct_kx_image{size: C.sizeof_struct_kx_image}
	check(C.kx_map(path, &kernel, nil))
	check(C.kx_image_probe_path(path, &image, nil))
	fmt.Printf("version %s protocol %#x\n", C.GoString(&image.version[0]), image.protocol)
	check(C.plan(kernel, text, C.size_t(len(line)), machine, workspace))
	check(C.kx_check(workspace, nil))
	plan := C.struct_kx_plan_info{size: C.sizeof_struct_kx_plan_info}
	check(C.kx_plan_get(workspace, &plan))
	digest := C.GoBytes(unsafe.Pointer(&plan.digest[0]), C.KX_DIGEST_SIZE)
	fmt.Printf("entry %#x digest %x\n", plan.entry, digest)
	for i := C.size_t(0); i < C.size_t(plan.segment_count); i++ {
		segment := C.struct_kx_segment{size: C.sizeof_struct_kx_segment}
		check(C.kx_plan_segment(workspace, i, &segment))
		fmt.Printf("segment %s %#x %#x\n", C.GoString(C.kx_segment_kind_name(segment.kind)),
			segment.mem, segment.memsz)
	}
	check(C.kx_unmap(&kernel))
}
