/* The layout of every structure and the size of every object, as a program of 0.1 sees them. */
#include <stddef.h>

#include "test.h"

#define AT(type, member, offset) CHECK(offsetof(struct type, member) == (offset))

void test_layout(void)
{
    CHECK(sizeof(struct kx_bytes) == 16);
    AT(kx_bytes, length, 8);

    CHECK(sizeof(struct kx_error) == 80);
    AT(kx_error, code, 8);
    AT(kx_error, origin, 12);
    AT(kx_error, what, 16);
    AT(kx_error, numbers, 32);

    CHECK(sizeof(struct kx_request) == 192);
    AT(kx_request, kernel, 8);
    AT(kx_request, initrds, 24);
    AT(kx_request, initrd_count, 32);
    AT(kx_request, modules, 40);
    AT(kx_request, module_count, 48);
    AT(kx_request, command_line, 56);
    AT(kx_request, dtb, 72);
    AT(kx_request, rng_seed, 88);
    AT(kx_request, digest_secret, 104);
    AT(kx_request, mem_min, 120);
    AT(kx_request, mem_max, 128);
    AT(kx_request, progress, 136);
    AT(kx_request, progress_context, 144);
    AT(kx_request, flags, 152);
    AT(kx_request, on_failure, 156);
    AT(kx_request, format, 160);
    AT(kx_request, arch, 164);
    AT(kx_request, entry, 168);
    AT(kx_request, serial_kind, 172);
    AT(kx_request, serial_address, 176);
    AT(kx_request, serial_baud, 184);
    AT(kx_request, reserved, 188);

    CHECK(sizeof(struct kx_module) == 48);
    AT(kx_module, data, 8);
    AT(kx_module, arguments, 24);
    AT(kx_module, flags, 40);
    AT(kx_module, reserved, 44);

    CHECK(sizeof(struct kx_efi_descriptor) == 48);
    AT(kx_efi_descriptor, physical_start, 8);
    AT(kx_efi_descriptor, virtual_start, 16);
    AT(kx_efi_descriptor, pages, 24);
    AT(kx_efi_descriptor, attribute, 32);
    AT(kx_efi_descriptor, kind, 40);
    AT(kx_efi_descriptor, reserved, 44);

    CHECK(sizeof(struct kx_range) == 16);
    AT(kx_range, last, 8);
    CHECK(sizeof(struct kx_memory) == 32);
    AT(kx_memory, range, 8);
    AT(kx_memory, kind, 24);
    AT(kx_memory, reserved, 28);

    CHECK(sizeof(struct kx_machine_info) == 304);
    AT(kx_machine_info, flags, 8);
    AT(kx_machine_info, memory_source, 12);
    AT(kx_machine_info, iomem_access, 16);
    AT(kx_machine_info, memory_count, 20);
    AT(kx_machine_info, iomem_count, 24);
    AT(kx_machine_info, efi_count, 28);
    AT(kx_machine_info, ram, 32);
    AT(kx_machine_info, total_ram, 40);
    AT(kx_machine_info, acpi_rsdp, 48);
    AT(kx_machine_info, efi_fw_vendor, 56);
    AT(kx_machine_info, efi_runtime, 64);
    AT(kx_machine_info, efi_config_table, 72);
    AT(kx_machine_info, efi_smbios, 80);
    AT(kx_machine_info, efi_smbios3, 88);
    AT(kx_machine_info, efi_acpi20, 96);
    AT(kx_machine_info, efi_acpi, 104);
    AT(kx_machine_info, crash, 112);
    AT(kx_machine_info, crash_low, 128);
    AT(kx_machine_info, kernel_code, 144);
    AT(kx_machine_info, kernel_rodata, 160);
    AT(kx_machine_info, kernel_data, 176);
    AT(kx_machine_info, kernel_bss, 192);
    AT(kx_machine_info, kernel_image, 208);
    AT(kx_machine_info, load_limit_reboot, 224);
    AT(kx_machine_info, load_limit_panic, 232);
    AT(kx_machine_info, loaded, 240);
    AT(kx_machine_info, crash_loaded, 244);
    AT(kx_machine_info, load_disabled, 248);
    AT(kx_machine_info, cap_sys_boot, 252);
    AT(kx_machine_info, lockdown, 256);
    AT(kx_machine_info, xen_guest, 260);
    AT(kx_machine_info, efi_platform_size, 264);
    AT(kx_machine_info, five_level, 268);
    AT(kx_machine_info, gbpages, 272);
    AT(kx_machine_info, xen_control, 276);
    AT(kx_machine_info, firmware, 280);
    AT(kx_machine_info, efi_systab, 284);
    AT(kx_machine_info, efi_map, 288);
    AT(kx_machine_info, arch, 292);
    AT(kx_machine_info, page_size, 296);
    AT(kx_machine_info, hot_pluggable, 300);

    CHECK(sizeof(struct kx_image) == 592);
    AT(kx_image, format, 8);
    AT(kx_image, arch, 12);
    AT(kx_image, entries, 16);
    AT(kx_image, protocol, 20);
    AT(kx_image, xloadflags, 24);
    AT(kx_image, relocatable, 28);
    AT(kx_image, alignment, 32);
    AT(kx_image, pref_address, 40);
    AT(kx_image, init_size, 48);
    AT(kx_image, command_line_size, 56);
    AT(kx_image, kernel_size, 64);
    AT(kx_image, setup_type_max, 72);
    AT(kx_image, reserved, 76);
    AT(kx_image, version, 80);
    AT(kx_image, banner, 336);

    CHECK(sizeof(struct kx_segment) == 48);
    AT(kx_segment, buf, 8);
    AT(kx_segment, bufsz, 16);
    AT(kx_segment, mem, 24);
    AT(kx_segment, memsz, 32);
    AT(kx_segment, kind, 40);
    AT(kx_segment, number, 44);

    CHECK(sizeof(struct kx_plan_info) == 80);
    AT(kx_plan_info, entry, 8);
    AT(kx_plan_info, flags, 16);
    AT(kx_plan_info, kernel_entry, 24);
    AT(kx_plan_info, segment_count, 32);
    AT(kx_plan_info, note_count, 36);
    AT(kx_plan_info, setup_type_count, 40);
    AT(kx_plan_info, has_digest, 44);
    AT(kx_plan_info, digest, 48);
    AT(kx_plan_info, control_pages, 64);
    AT(kx_plan_info, mode, 72);
    AT(kx_plan_info, reserved, 76);

    CHECK(sizeof(struct kx_uki) == 152);
    AT(kx_uki, kernel, 8);
    AT(kx_uki, microcode, 24);
    AT(kx_uki, initrd, 40);
    AT(kx_uki, command_line, 56);
    AT(kx_uki, release, 72);
    AT(kx_uki, os_release, 88);
    AT(kx_uki, profile_id, 104);
    AT(kx_uki, profile_title, 120);
    AT(kx_uki, profile, 136);
    AT(kx_uki, profile_count, 140);
    AT(kx_uki, arch, 144);
    AT(kx_uki, flags, 148);

    CHECK(sizeof(struct kx_held) == 80);
    AT(kx_held, bytes, 8);
    AT(kx_held, by, 24);
    AT(kx_held, fd, 28);
    AT(kx_held, lease_error, 32);
    AT(kx_held, copy_error, 36);
    AT(kx_held, stamp, 40);

    CHECK(sizeof(struct kx_note) == 32);
    AT(kx_note, code, 8);
    AT(kx_note, flags, 12);
    AT(kx_note, numbers, 16);
    CHECK(sizeof(struct kx_crash_info) == 88);
    AT(kx_crash_info, flags, 8);
    AT(kx_crash_info, cpu_count, 12);
    AT(kx_crash_info, cpu_absent, 16);
    AT(kx_crash_info, cpu_unread, 20);
    AT(kx_crash_info, cpu_note_size, 24);
    AT(kx_crash_info, vmcoreinfo, 32);
    AT(kx_crash_info, ram, 48);
    AT(kx_crash_info, elfcorehdr_size, 56);
    AT(kx_crash_info, direct_map, 64);
    AT(kx_crash_info, control_fixed, 72);
    AT(kx_crash_info, control_tables, 80);

    CHECK(sizeof(struct kx_limits) == 48);
    AT(kx_limits, destination, 8);
    AT(kx_limits, total_ram, 16);
    AT(kx_limits, crash, 24);
    AT(kx_limits, page_size, 40);
    AT(kx_limits, reserved, 44);

    CHECK(sizeof(struct kx_machine) == KX_MACHINE_SIZE && KX_MACHINE_SIZE == 2097152);
    CHECK(sizeof(struct kx_workspace) == KX_WORKSPACE_SIZE && KX_WORKSPACE_SIZE == 3145728);
    CHECK(KX_MACHINE_WORDS * 8 == KX_MACHINE_SIZE && KX_WORKSPACE_WORDS * 8 == KX_WORKSPACE_SIZE);
    CHECK(kx_machine_size() <= KX_MACHINE_SIZE && kx_machine_align() == 8);
    CHECK(kx_workspace_size() <= KX_WORKSPACE_SIZE && kx_workspace_align() == 8);

    CHECK(kx_version_number() == KX_VERSION_NUMBER);
    CHECK(KX_VERSION_NUMBER
          == (KX_VERSION_MAJOR << 16 | KX_VERSION_MINOR << 8 | KX_VERSION_PATCH));
    char text[32];
    sprintf(text, "%d.%d.%d", KX_VERSION_MAJOR, KX_VERSION_MINOR, KX_VERSION_PATCH);
    CHECK(strcmp(text, kx_version_string()) == 0);
}
