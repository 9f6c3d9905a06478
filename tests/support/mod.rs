//! What several test files share. Each uses a part.
#![allow(dead_code)]

use std::path::{Path, PathBuf};

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub fn bindings() -> cbindgen::Bindings {
    let config = cbindgen::Config::from_file(root().join("cbindgen.toml")).expect("cbindgen.toml");
    cbindgen::generate_with_config(root(), config).expect("cbindgen reads the sources")
}

/// The names of all exported functions, as the header declares them.
pub fn exports() -> Vec<String> {
    let bindings = bindings();
    let mut names: Vec<String> = bindings.dynamic_symbols_names().map(str::to_owned).collect();
    names.sort();
    assert!(names.len() > 20, "cbindgen finds the exports");
    names
}

pub fn header() -> String {
    read(&root().join("include/wsrt.h"))
}

pub fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

/// Compares a committed file with what it should be; with `BLESS=1` writes it.
pub fn bless_or_compare(path: &str, made: &str) {
    let file = root().join(path);
    if std::env::var_os("BLESS").is_some_and(|value| value == "1") {
        std::fs::write(&file, made).unwrap_or_else(|why| panic!("{path}: {why}"));
    }
    let found = std::fs::read_to_string(&file).unwrap_or_default();
    let difference = found.lines().zip(made.lines()).position(|(a, b)| a != b);
    assert!(found == made, "{path} is out of date (first in line {:?}): run with BLESS=1", difference.map(|n| n + 1));
}

/// Where an export is declared: the place of its name.
fn declaration(header: &str, name: &str) -> usize {
    let call = format!("{name}(");
    let declared = header.match_indices(&call).map(|(at, _)| at).find(|&at| {
        let line = header[..at].rfind('\n').unwrap_or_default();
        let whole = header[..at].ends_with([' ', '*']);
        whole && header[..line].ends_with("WSRT_API")
    });
    declared.unwrap_or_else(|| panic!("{name} is not declared"))
}

/// Type and name of each parameter of an export, as the header declares them.
pub fn parameters(header: &str, name: &str) -> Vec<(String, String)> {
    let declared = &header[declaration(header, name)..];
    let list = declared.split_once('(').and_then(|(_, rest)| rest.split_once(");")).map_or("", |(list, _)| list);
    let words = list.split(',').map(|one| one.split_whitespace().collect::<Vec<_>>().join(" "));
    words
        .filter(|one| !one.is_empty() && one != "void")
        .map(|one| {
            let at = one.rfind([' ', '*']).map_or(0, |at| at + 1);
            (one[..at].trim().to_owned(), one[at..].to_owned())
        })
        .collect()
}

/// The documentation of an export, without its frame, and the names of its parameters.
pub fn documentation(header: &str, name: &str) -> (String, Vec<String>) {
    let declared = declaration(header, name);
    let end = header[..declared].rfind("*/").unwrap_or_else(|| panic!("{name} has no comment"));
    let start = header[..end].rfind("/**").expect("a comment begins");
    let lines = header[start + 3..end].lines();
    let doc: Vec<&str> = lines.map(|line| line.trim_start_matches([' ', '*'])).collect();
    let names = parameters(header, name).into_iter().map(|(_, name)| name).collect();
    (doc.join("\n").trim().to_owned(), names)
}

/// The codes of the `@retval` lines.
pub fn documented_codes(doc: &str) -> Vec<String> {
    let retvals = doc.lines().filter_map(|line| line.strip_prefix("@retval "));
    retvals.filter_map(|rest| rest.split_whitespace().next()).map(str::to_owned).collect()
}
