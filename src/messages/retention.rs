//! Why a hold or a number of days to keep was refused. None of this is in the WASM.

use super::define::messages;

messages! {
    /// Why a hold or a number of days to keep was refused.
    pub enum RetentionMessage {
        /// The hold does not exist.
        NoSuchHold = "no_such_hold",
            "This hold does not exist.",
            "Diese Löschsperre gibt es nicht.";
        /// The hold was released before.
        HoldReleased { who: String } = "hold_released",
            "This hold was already released, by {who}.",
            "Diese Löschsperre wurde bereits von {who} aufgehoben.";
        /// Several cameras have the name or the id that was entered.
        SeveralCameras { name: String } = "several_cameras",
            "“{name}” is the name or the id of several cameras. Enter a name or an id that only one of them has.",
            "„{name}“ ist der Name oder die ID mehrerer Kameras. Geben Sie einen Namen oder eine ID ein, die nur eine von ihnen hat.";
        /// A hold needs both ends.
        HoldNeedsDates = "hold_needs_dates",
            "A hold needs a first and a last day.",
            "Eine Löschsperre braucht einen ersten und einen letzten Tag.";
        /// The range of a hold contains no time.
        HoldIsEmpty = "hold_is_empty",
            "The range of this hold contains no time. Choose a later end.",
            "Der Zeitraum dieser Löschsperre ist leer. Wählen Sie ein späteres Ende.";
        /// A hold needs a reason and a person.
        TextNeeded { max: usize } = "text_needed",
            "Enter 1 to {max} characters, without control characters.",
            "Geben Sie 1 bis {max} Zeichen ein, ohne Steuerzeichen.";
        /// The days to keep are no number, or too many.
        KeepDaysExpected { value: String, max: u32 } = "keep_days_expected",
            "“{value}” is not a number of days from 0 to {max}. 0 keeps events for good.",
            "„{value}“ ist keine Anzahl von 0 bis {max} Tagen. 0 bewahrt Ereignisse unbegrenzt auf.";
    }
}
