//! The headers are what the sources say: made anew here and compared, or with `BLESS=1` written.
//! Every exported function is documented in full, and the documentation is true to its parameters.

mod support;

use support::{bless_or_compare, exports, header};
use wsrt::ffi::codes::{CODES, CONSTANTS};
use wsrt::ffi::layout::{Layout, layouts};

#[test]
fn wsrt_h_is_what_cbindgen_makes() {
    let mut made = Vec::new();
    support::bindings().write(&mut made);
    bless_or_compare("include/wsrt.h", &String::from_utf8(made).expect("cbindgen writes UTF-8"));
}

#[test]
fn wsrt_codes_h_is_what_the_table_makes() {
    let mut made = String::from(
        "/* Generated from src/ffi/codes.rs by `BLESS=1 cargo test --test header`. Do not edit. */\n\
         /** @file wsrt_codes.h Result codes, flags, constants and struct initialisers of wsrt.h. */\n\
         #ifndef WSRT_CODES_H\n#define WSRT_CODES_H\n\n#include <stddef.h>\n#include <stdint.h>\n\n/* Result codes, as wsrt_hresult. */\n",
    );
    for code in CODES {
        let value = format!("((int32_t)0x{:08X})", code.value);
        made += &format!("#define {:<28} {value} /**< {} */\n", code.name, code.meaning);
    }
    made += "\n/* Flags and constants, as uint32_t. */\n";
    for constant in CONSTANTS {
        let value = format!("UINT32_C(0x{:08X})", constant.value);
        made += &format!("#define {:<28} {value} /**< {} */\n", constant.name, constant.meaning);
    }
    made += "\n/* Initialisers: cb_size is set, everything else is 0. */\n";
    made += "#ifdef __cplusplus\n#define WSRT_NULL nullptr\n#else\n#define WSRT_NULL NULL\n#endif\n";
    for layout in layouts().iter().filter(|layout| layout.input) {
        made += &initialiser(layout);
    }
    made += "\n#endif\n";
    bless_or_compare("include/wsrt_codes.h", &made);
}

/// A full list of zeroes: no compiler's missing-field warning, no designators that C++17 lacks.
fn initialiser(layout: &Layout) -> String {
    let name = layout.name.to_uppercase() + "_INIT";
    let zeroes: Vec<&str> = layout.pointers.iter().skip(1).map(|&is| if is { "WSRT_NULL" } else { "0" }).collect();
    format!("#define {name:<28} {{ (uint32_t)sizeof({}), {} }}\n", layout.name, zeroes.join(", "))
}

#[test]
fn every_export_is_documented_in_full() {
    let header = header();
    for name in exports() {
        let (doc, parameters) = support::documentation(&header, &name);
        let first = doc.lines().next().unwrap_or_default();
        assert!(first.len() < 80 && first.ends_with('.'), "{name}: first line is a sentence under 80 characters");
        let verb = first.split(' ').next().unwrap_or_default();
        assert!(verb.ends_with('s'), "{name}: third person, not {verb:?}");
        let mut at = 0;
        for section in ["Ownership", "Threads", "Callbacks", "Re-entrancy", "Source"] {
            let tag = format!("@par {section}\n");
            let found = doc[at..].find(&tag).unwrap_or_else(|| panic!("{name}: no @par {section}, in that order"));
            at += found + tag.len();
            let body = doc[at..].lines().next().unwrap_or_default();
            assert!(!body.trim().is_empty() && !body.starts_with('@'), "{name}: @par {section} is empty");
        }
        let documented: Vec<&str> = doc
            .lines()
            .filter_map(|line| line.strip_prefix("@param"))
            .filter_map(|rest| rest.trim_start_matches("[out]").split_whitespace().next())
            .collect();
        assert_eq!(documented, parameters, "{name}: a @param for each parameter, in order");
        let codes = support::documented_codes(&doc);
        for code in &codes {
            let known = code == "<0" || CODES.iter().any(|known| known.name == code);
            assert!(known, "{name}: @retval {code} is no code");
        }
        let returns_code = header.contains(&format!("WSRT_API\nwsrt_hresult {name}("));
        assert_eq!(returns_code, !codes.is_empty(), "{name}: @retval for what returns a code");
        if !returns_code {
            assert!(doc.contains("@return "), "{name}: @return");
        }
    }
}
