//! The fields of boot_params, 4096 bytes (kernel: arch/x86/include/uapi/asm/bootparam.h and
//! screen_info.h). Written down apart from libkexec's own offsets: an oracle that shared them
//! would share their mistakes.

/// A field: name, offset and bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Name in the kernel's header, with that of the structure before it.
    pub name: &'static str,
    /// Offset in boot_params.
    pub offset: usize,
    /// Bytes.
    pub size: usize,
    /// How two of it are compared.
    pub meaning: Meaning,
}

/// How a field is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// By its bytes.
    Value,
    /// An address, or part of a table: by what is there, see [`crate::handover`].
    Followed,
}

/// All of them, in order, without a gap.
pub const FIELDS: &[Field] = &[
    value("screen_info.orig_x", 0x000, 1),
    value("screen_info.orig_y", 0x001, 1),
    value("screen_info.ext_mem_k", 0x002, 2),
    value("screen_info.orig_video_page", 0x004, 2),
    value("screen_info.orig_video_mode", 0x006, 1),
    value("screen_info.orig_video_cols", 0x007, 1),
    value("screen_info.flags", 0x008, 1),
    value("screen_info.unused2", 0x009, 1),
    value("screen_info.orig_video_ega_bx", 0x00a, 2),
    value("screen_info.unused3", 0x00c, 2),
    value("screen_info.orig_video_lines", 0x00e, 1),
    value("screen_info.orig_video_isVGA", 0x00f, 1),
    value("screen_info.orig_video_points", 0x010, 2),
    value("screen_info.lfb_width", 0x012, 2),
    value("screen_info.lfb_height", 0x014, 2),
    value("screen_info.lfb_depth", 0x016, 2),
    value("screen_info.lfb_base", 0x018, 4),
    value("screen_info.lfb_size", 0x01c, 4),
    value("screen_info.cl_magic", 0x020, 2),
    value("screen_info.cl_offset", 0x022, 2),
    value("screen_info.lfb_linelength", 0x024, 2),
    value("screen_info.red_size", 0x026, 1),
    value("screen_info.red_pos", 0x027, 1),
    value("screen_info.green_size", 0x028, 1),
    value("screen_info.green_pos", 0x029, 1),
    value("screen_info.blue_size", 0x02a, 1),
    value("screen_info.blue_pos", 0x02b, 1),
    value("screen_info.rsvd_size", 0x02c, 1),
    value("screen_info.rsvd_pos", 0x02d, 1),
    value("screen_info.vesapm_seg", 0x02e, 2),
    value("screen_info.vesapm_off", 0x030, 2),
    value("screen_info.pages", 0x032, 2),
    value("screen_info.vesa_attributes", 0x034, 2),
    value("screen_info.capabilities", 0x036, 4),
    value("screen_info.ext_lfb_base", 0x03a, 4),
    value("screen_info._reserved", 0x03e, 2),
    value("apm_bios_info", 0x040, 20),
    value("_pad2", 0x054, 4),
    value("tboot_addr", 0x058, 8),
    value("ist_info", 0x060, 16),
    value("acpi_rsdp_addr", 0x070, 8),
    value("_pad3", 0x078, 8),
    value("hd0_info", 0x080, 16),
    value("hd1_info", 0x090, 16),
    value("sys_desc_table", 0x0a0, 16),
    value("olpc_ofw_header", 0x0b0, 16),
    followed("ext_ramdisk_image", 0x0c0, 4),
    value("ext_ramdisk_size", 0x0c4, 4),
    followed("ext_cmd_line_ptr", 0x0c8, 4),
    value("_pad4", 0x0cc, 112),
    value("cc_blob_address", 0x13c, 4),
    value("edid_info", 0x140, 128),
    value("efi_info.efi_loader_signature", 0x1c0, 4),
    value("efi_info.efi_systab", 0x1c4, 4),
    value("efi_info.efi_memdesc_size", 0x1c8, 4),
    value("efi_info.efi_memdesc_version", 0x1cc, 4),
    followed("efi_info.efi_memmap", 0x1d0, 4),
    value("efi_info.efi_memmap_size", 0x1d4, 4),
    value("efi_info.efi_systab_hi", 0x1d8, 4),
    followed("efi_info.efi_memmap_hi", 0x1dc, 4),
    value("alt_mem_k", 0x1e0, 4),
    value("scratch", 0x1e4, 4),
    followed("e820_entries", 0x1e8, 1),
    value("eddbuf_entries", 0x1e9, 1),
    value("edd_mbr_sig_buf_entries", 0x1ea, 1),
    value("kbd_status", 0x1eb, 1),
    value("secure_boot", 0x1ec, 1),
    value("_pad5", 0x1ed, 2),
    value("sentinel", 0x1ef, 1),
    value("_pad6", 0x1f0, 1),
    value("hdr.setup_sects", 0x1f1, 1),
    value("hdr.root_flags", 0x1f2, 2),
    value("hdr.syssize", 0x1f4, 4),
    value("hdr.ram_size", 0x1f8, 2),
    value("hdr.vid_mode", 0x1fa, 2),
    value("hdr.root_dev", 0x1fc, 2),
    value("hdr.boot_flag", 0x1fe, 2),
    value("hdr.jump", 0x200, 2),
    value("hdr.header", 0x202, 4),
    value("hdr.version", 0x206, 2),
    value("hdr.realmode_swtch", 0x208, 4),
    value("hdr.start_sys_seg", 0x20c, 2),
    value("hdr.kernel_version", 0x20e, 2),
    value("hdr.type_of_loader", 0x210, 1),
    value("hdr.loadflags", 0x211, 1),
    value("hdr.setup_move_size", 0x212, 2),
    value("hdr.code32_start", 0x214, 4),
    followed("hdr.ramdisk_image", 0x218, 4),
    value("hdr.ramdisk_size", 0x21c, 4),
    value("hdr.bootsect_kludge", 0x220, 4),
    value("hdr.heap_end_ptr", 0x224, 2),
    value("hdr.ext_loader_ver", 0x226, 1),
    value("hdr.ext_loader_type", 0x227, 1),
    followed("hdr.cmd_line_ptr", 0x228, 4),
    value("hdr.initrd_addr_max", 0x22c, 4),
    value("hdr.kernel_alignment", 0x230, 4),
    value("hdr.relocatable_kernel", 0x234, 1),
    value("hdr.min_alignment", 0x235, 1),
    value("hdr.xloadflags", 0x236, 2),
    value("hdr.cmdline_size", 0x238, 4),
    value("hdr.hardware_subarch", 0x23c, 4),
    value("hdr.hardware_subarch_data", 0x240, 8),
    value("hdr.payload_offset", 0x248, 4),
    value("hdr.payload_length", 0x24c, 4),
    followed("hdr.setup_data", 0x250, 8),
    value("hdr.pref_address", 0x258, 8),
    value("hdr.init_size", 0x260, 4),
    value("hdr.handover_offset", 0x264, 4),
    value("hdr.kernel_info_offset", 0x268, 4),
    value("_pad7", 0x26c, 36),
    value("edd_mbr_sig_buffer", 0x290, 64),
    followed("e820_table", 0x2d0, 2560),
    value("_pad8", 0xcd0, 48),
    value("eddbuf", 0xd00, 492),
    value("_pad9", 0xeec, 276),
];

const fn value(name: &'static str, offset: usize, size: usize) -> Field {
    Field {
        name,
        offset,
        size,
        meaning: Meaning::Value,
    }
}

const fn followed(name: &'static str, offset: usize, size: usize) -> Field {
    Field {
        name,
        offset,
        size,
        meaning: Meaning::Followed,
    }
}

impl Field {
    /// Its bytes in a page.
    #[must_use]
    pub fn of<'a>(&self, page: &'a [u8]) -> &'a [u8] {
        &page[self.offset..self.offset + self.size]
    }
}

#[cfg(test)]
mod tests {
    use super::FIELDS;

    #[test]
    fn every_byte_has_one_name() {
        let mut end = 0;
        for field in FIELDS {
            assert_eq!(field.offset, end, "{}", field.name);
            end += field.size;
        }
        assert_eq!(end, 4096);
    }
}
