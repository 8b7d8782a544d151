//! The binary: hands the command line over to [`motion_export::cli`].

fn main() -> std::process::ExitCode {
    motion_export::cli::main()
}
