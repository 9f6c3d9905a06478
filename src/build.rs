//! Gives the shared library its soname and pins it in memory once loaded. Generates nothing.

fn main() {
    println!("cargo::rerun-if-changed=src/build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        // Callbacks, thread-locals and the fork handler live as long as the process: unloading is unsupported.
        println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libwsrt.so.0");
        println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}
