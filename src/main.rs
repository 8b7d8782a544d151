//! The binary: runs the command line of [`motion_export::cli`].

fn main() -> std::process::ExitCode {
    motion_export::cli::main(motion_export::EMBEDDED_SITE)
}
