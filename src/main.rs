//! The binary: hands the command line over to [`motion_export::server::cli`].

fn main() -> std::process::ExitCode {
    motion_export::server::cli::main()
}
