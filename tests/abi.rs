//! What programs are compiled against stays as it is: symbols, layouts, codes, the name of the library. Golden files
//! in tests/abi say what was published; `BLESS=1` writes them.

mod support;
#[path = "support/toolchain.rs"]
mod toolchain;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use support::{bless_or_compare, exports};
use toolchain::{compiler, must, scratch, tool, write};
use wsrt::ffi::codes::{CODES, CONSTANTS};
use wsrt::ffi::layout::{Layout, layouts};

/// The library as users get it.
fn released() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let (mut cargo, target) = toolchain::cargo("build", "abi");
        must(cargo.arg("--release"));
        target.join("release/libwsrt.so")
    })
}

#[test]
fn the_library_exports_what_the_header_declares_and_nothing_else() {
    let symbols = must(tool("nm").args(["-D", "--defined-only", "--format=just-symbols"]).arg(released()));
    let mut exported: Vec<&str> = symbols.lines().collect();
    exported.sort();
    assert!(!exported.contains(&"wsrt_test_panic"), "what only tests may call is in the release");
    assert_eq!(exported, exports(), "exported and declared");
    bless_or_compare("tests/abi/symbols.txt", &(exported.join("\n") + "\n"));
}

#[test]
fn the_library_has_its_name_and_is_never_unloaded() {
    let dynamic = must(tool("readelf").args(["-d", "--wide"]).arg(released()));
    let entry = |tag: &str| dynamic.lines().find(|line| line.contains(tag)).unwrap_or_default();
    assert!(entry("(SONAME)").ends_with("[libwsrt.so.0]"), "{dynamic}");
    assert!(entry("(FLAGS_1)").contains("NODELETE"), "{dynamic}");
}

#[test]
fn the_codes_are_those_published() {
    let mut made = String::new();
    for code in CODES {
        made += &format!("{} 0x{:08X} {}\n", code.name, code.value, code.meaning);
    }
    for constant in CONSTANTS {
        made += &format!("{} 0x{:08X} {}\n", constant.name, constant.value, constant.meaning);
    }
    bless_or_compare("tests/abi/codes.txt", &made);
}

#[test]
fn the_layouts_are_those_published() {
    let mut made = String::new();
    for Layout { name, size, fields, .. } in layouts() {
        made += &format!("{name} {size}\n");
        for (field, offset) in fields {
            made += &format!("    {field} {offset}\n");
        }
    }
    bless_or_compare("tests/abi/layouts.txt", &made);
}

/// The second opinion: what a C compiler makes of the header.
#[test]
fn a_c_compiler_sees_the_same_layouts_without_padding() {
    let mut body = String::new();
    for Layout { name, fields, .. } in layouts() {
        body += &format!("    printf(\"{name} %zu\\n\", sizeof({name}));\n");
        for (field, _) in fields {
            let (offset, size) = (format!("offsetof({name}, {field})"), format!("sizeof((({name} *)0)->{field})"));
            body += &format!("    printf(\"{name}.{field} %zu %zu\\n\", {offset}, {size});\n");
        }
    }
    let directory = scratch("layouts");
    let (source, program) = (directory.join("layouts.c"), directory.join("layouts"));
    let text = format!("#include \"wsrt.h\"\n#include <stdio.h>\n\nint main(void)\n{{\n{body}    return 0;\n}}\n");
    write(&source, &text);
    must(compiler("cc", "c99").arg(&source).arg("-o").arg(&program));
    let printed = must(&mut Command::new(&program));

    let mut lines = printed.lines();
    for Layout { name, size, fields, .. } in layouts() {
        assert_eq!(lines.next(), Some(format!("{name} {size}").as_str()));
        let ends = fields.iter().map(|&(_, offset)| offset).skip(1).chain([size]);
        for (&(field, offset), end) in fields.iter().zip(ends) {
            // A field ends where the next one begins, the last where the struct ends: no byte is left undefined.
            let expected = format!("{name}.{field} {offset} {}", end - offset);
            assert_eq!(lines.next(), Some(expected.as_str()), "offset and size");
        }
    }
}
