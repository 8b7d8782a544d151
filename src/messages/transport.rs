//! What goes wrong on the way between a server function and its caller. Server and browser both say it.

use super::define::messages;

messages! {
    /// What goes wrong on the way between a server function and its caller.
    pub enum TransportMessage {
        /// Leptos cannot read the arguments of a server function.
        BadArguments { reason: String } = "bad_arguments",
            "The arguments cannot be read: {reason}",
            "Die Argumente können nicht gelesen werden: {reason}";
        /// The browser cannot reach the server.
        ServerUnreachable = "server_unreachable",
            "The server could not be reached. Check the connection and try again.",
            "Der Server war nicht erreichbar. Prüfen Sie die Verbindung und versuchen Sie es erneut.";
        /// The server has a fault.
        Internal = "internal",
            "Something went wrong in the server. Its log has the reason, under the request id of this response.",
            "Im Server ist etwas schiefgegangen. Der Grund steht in seinem Protokoll, unter der Anfrage-ID dieser Antwort.";
    }
}
