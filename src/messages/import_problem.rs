//! Why a file cannot be imported. Each is a part of a sentence, after the name of the file or the number of a row. None of this
//! is in the WASM.

use super::define::messages;

messages! {
    /// Why a file is not one that can be imported.
    pub enum FileProblem {
        /// It is compressed.
        Compressed { format: &'static str, program: &'static str } = "import_compressed",
            "it is compressed with {format}; decompress it first, for example with {program}",
            "sie ist mit {format} komprimiert; entpacken Sie sie zuerst, zum Beispiel mit {program}";
        /// It is a 7-Zip archive.
        SevenZip = "import_7zip",
            "it is a 7-Zip archive; extract the CSV first",
            "sie ist ein 7-Zip-Archiv; entpacken Sie zuerst die CSV-Datei";
        /// It is a ZIP archive or a spreadsheet.
        ZipOrSpreadsheet = "import_zip",
            "it is a ZIP archive or a spreadsheet (xlsx, ods); extract the CSV, or save the spreadsheet as “CSV UTF-8 (Comma \
             delimited)” in Excel, or as “Text CSV” with UTF-8 and the field delimiter “,” in Calc",
            "sie ist ein ZIP-Archiv oder eine Tabellendatei (xlsx, ods); entpacken Sie die CSV-Datei oder speichern Sie die Tabelle in \
             Excel als „CSV UTF-8“ mit Kommas oder in Calc als „Text CSV“ mit UTF-8 und dem Feldtrenner „,“";
        /// It is an old spreadsheet.
        Spreadsheet = "import_xls",
            "it is a spreadsheet (xls); save it as “CSV UTF-8 (Comma delimited)” in Excel, or as “Text CSV” with UTF-8 and the \
             field delimiter “,” in Calc",
            "sie ist eine Tabellendatei (xls); speichern Sie sie in Excel als „CSV UTF-8“ mit Kommas oder in Calc als „Text CSV“ mit \
             UTF-8 und dem Feldtrenner „,“";
        /// It is an SQLite database.
        SqliteDatabase = "import_sqlite",
            "it is an SQLite database; import ArgusAI's with “import argusai”, and Frigate's with “import frigate”",
            "sie ist eine SQLite-Datenbank; importieren Sie die von ArgusAI mit „import argusai“ und die von Frigate mit „import \
             frigate“";
        /// It is a Parquet file.
        Parquet = "import_parquet",
            "it is a Parquet file; write it as CSV first, for example with DuckDB",
            "sie ist eine Parquet-Datei; schreiben Sie sie zuerst als CSV, zum Beispiel mit DuckDB";
        /// It is a PDF.
        Pdf = "import_pdf",
            "it is a PDF; import the CSV itself",
            "sie ist ein PDF; importieren Sie die CSV-Datei selbst";
        /// It is HTML or XML.
        Html = "import_html",
            "it is an HTML or XML page, not a CSV; fetch the file again, with a valid access token",
            "sie ist eine HTML- oder XML-Seite und keine CSV-Datei; laden Sie die Datei erneut, mit einem gültigen Zugriffstoken";
        /// It is a JSON object.
        JsonObject = "import_json_object",
            "it is JSON, not a CSV; if it is an error response, it says what was wrong with the request",
            "sie ist JSON und keine CSV-Datei; falls sie eine Fehlerantwort ist, steht darin, was an der Anfrage falsch war";
        /// It is a JSON array.
        JsonArray = "import_json_array",
            "it is JSON, not a CSV",
            "sie ist JSON und keine CSV-Datei";
        /// It is not UTF-8, but UTF-16 or UTF-32.
        Utf16 = "import_utf_16",
            "its text encoding is UTF-16 or UTF-32; save it as UTF-8: in Excel as “CSV UTF-8 (Comma delimited)” and not as \
             “Unicode Text”, in PowerShell with “-Encoding utf8”",
            "sie ist in UTF-16 oder UTF-32 kodiert; speichern Sie sie als UTF-8: in Excel als „CSV UTF-8“ und nicht als \
             „Unicode-Text“, in PowerShell mit „-Encoding utf8“";
        /// It is not UTF-8.
        NotUtf8 = "import_not_utf_8",
            "it is not UTF-8; in Excel, save the file as “CSV UTF-8 (Comma delimited)”",
            "sie ist nicht in UTF-8 kodiert; speichern Sie die Datei in Excel als „CSV UTF-8“ mit Kommas";
        /// It is empty.
        Empty = "import_empty",
            "the file is empty: even the first line of an export is missing; export it again, or check whether the program that \
             wrote it failed",
            "die Datei ist leer: sogar die erste Zeile eines Exports fehlt; exportieren Sie sie erneut oder prüfen Sie, ob das \
             Programm gescheitert ist, das sie geschrieben hat";
        /// It has nothing but a byte order mark.
        OnlyByteOrderMark = "import_only_byte_order_mark",
            "the file is empty except for its byte order mark: even the first line of an export is missing; export it again, or \
             check whether the program that wrote it failed",
            "die Datei enthält nur eine Byte-Order-Mark: sogar die erste Zeile eines Exports fehlt; exportieren Sie sie erneut oder \
             prüfen Sie, ob das Programm gescheitert ist, das sie geschrieben hat";
        /// It has nothing but blanks and line ends.
        OnlyBlanks = "import_only_blanks",
            "the file is empty except for blanks and line ends: even the first line of an export is missing; export it again, or \
             check whether the program that wrote it failed",
            "die Datei enthält nur Leerzeichen und Zeilenenden: sogar die erste Zeile eines Exports fehlt; exportieren Sie sie \
             erneut oder prüfen Sie, ob das Programm gescheitert ist, das sie geschrieben hat";
        /// Its first line names the separator.
        SeparatorLine = "import_separator_line",
            "its first line begins with “sep=”, which is for Excel alone; delete this line with a text editor, so that the file \
             begins with the names of the columns",
            "ihre erste Zeile beginnt mit „sep=“, was nur für Excel ist; löschen Sie diese Zeile mit einem Texteditor, sodass die \
             Datei mit den Namen der Spalten beginnt";
        /// Its first line names a separator that no export has.
        OtherSeparatorLine = "import_other_separator_line",
            "its first line begins with “sep=”, which is for Excel alone, and names a separator that is neither comma nor \
             semicolon; delete this line with a text editor, and save the file with commas between the cells and decimal points: \
             in Calc as “Text CSV” with the field delimiter “,”; or import the exported file as it was",
            "ihre erste Zeile beginnt mit „sep=“, was nur für Excel ist, und nennt ein Trennzeichen, das weder Komma noch Semikolon \
             ist; löschen Sie diese Zeile mit einem Texteditor und speichern Sie die Datei mit Kommas zwischen den Zellen und \
             Dezimalpunkten: in Calc als „Text CSV“ mit dem Feldtrenner „,“; oder importieren Sie die exportierte Datei, wie sie war";
        /// Each of its lines is one cell.
        QuotedRows = "import_quoted_rows",
            "each of its lines is one cell in quotes; a spreadsheet writes this for a CSV that it opened as a single column: open \
             the exported file with the separator “,” (in Excel with Data → From Text/CSV) and save it again, or import the \
             exported file as it was",
            "jede ihrer Zeilen ist eine einzige Zelle in Anführungszeichen; das schreibt eine Tabellenkalkulation, wenn sie die CSV-Datei \
             als eine Spalte geöffnet hat: öffnen Sie die exportierte Datei mit dem Trennzeichen „,“ (in Excel mit Daten → Aus \
             Text/CSV) und speichern Sie sie erneut, oder importieren Sie die exportierte Datei, wie sie war";
        /// Its lines end in CR.
        CarriageReturns = "import_carriage_returns",
            "its lines end in CR alone, as on old Macintosh systems; save it with line ends LF or CRLF: in Excel as “CSV UTF-8 \
             (Comma delimited)” and not as “CSV (Macintosh)”",
            "ihre Zeilen enden nur mit CR, wie auf alten Macintosh-Systemen; speichern Sie sie mit den Zeilenenden LF oder CRLF: \
             in Excel als „CSV UTF-8“ und nicht als „CSV (Macintosh)“";
        /// Its cells are separated by semicolons, and its columns are others.
        Semicolons = "import_semicolons",
            "its cells are separated by semicolons, and its first line does not have the names of the columns of an export; \
             import the exported file as it was",
            "ihre Zellen sind durch Semikolons getrennt, und ihre erste Zeile hat nicht die Namen der Spalten eines Exports; \
             importieren Sie die exportierte Datei, wie sie war";
        /// Its cells are separated by TAB.
        Tabs = "import_tabs",
            "its cells are separated by TAB; save it with commas between the cells, as CSV",
            "ihre Zellen sind durch TAB getrennt; speichern Sie sie als CSV, mit Kommas zwischen den Zellen";
        /// It has pandas' index.
        IndexColumn = "import_index_column",
            "it has a column without a name before the others, such as pandas' index; write it with to_csv(…, index=False)",
            "sie hat vor den anderen eine Spalte ohne Namen, wie den Index von pandas; schreiben Sie sie mit to_csv(…, \
             index=False)";
        /// Its first line is another one.
        OtherColumns { columns: String } = "import_other_columns",
            "its first line is not {columns}",
            "ihre erste Zeile ist nicht {columns}";
        /// It does not end with a line end.
        Unterminated = "import_unterminated",
            "its last row does not end in a line end. Either the file was truncated: then export it again. Or a tool such as \
             Google Sheets wrote it without the last line end: then compare the last row with the original, and import it with \
             --unterminated",
            "ihre letzte Zeile hat kein Zeilenende. Entweder wurde die Datei abgeschnitten: dann exportieren Sie sie erneut. Oder \
             ein Programm wie Google Sheets hat sie ohne das letzte Zeilenende geschrieben: dann vergleichen Sie die letzte Zeile \
             mit dem Original und importieren sie mit der Option dafür (--unterminated)";
        /// It ends inside of quotes.
        EndsInQuotes = "import_ends_in_quotes",
            "its last row ends inside of quotes, so the file was truncated; export it again",
            "ihre letzte Zeile endet innerhalb von Anführungszeichen, also wurde die Datei abgeschnitten; exportieren Sie sie erneut";
        /// The scale of its confidences is not known.
        ScaleUnknown = "import_scale_unknown",
            "its confidences may be percentages, as in this program's own exports, or fractions, as in ArgusAI's own CSV; the \
             contents do not say which. Import it with --confidence percent (0.855 is 0.855 %) or --confidence fraction (0.855 is \
             85.5 %)",
            "ihre Konfidenzen können Prozente sein, wie in Exporten dieses Programms, oder Bruchteile, wie in ArgusAIs eigener \
             CSV-Datei; der Inhalt sagt nicht, welche. Importieren Sie sie mit dem Kommando import csv und --confidence percent \
             (0.855 ist 0,855 %) oder --confidence fraction (0.855 ist 85,5 %)";
        /// It is Frigate's database.
        IsFrigate = "import_is_frigate",
            "it is a Frigate database; import it with `import frigate`",
            "sie ist eine Datenbank von Frigate; importieren Sie sie mit `import frigate`";
        /// It is ArgusAI's database.
        IsArgusai = "import_is_argusai",
            "it is an ArgusAI database; import it with `import argusai`",
            "sie ist eine Datenbank von ArgusAI; importieren Sie sie mit `import argusai`";
        /// It is a database of this program.
        IsOwn { program: &'static str } = "import_is_own",
            "it is a database of Motion Export, not of {program}; to copy its events, use `export --raw`, then `import csv --raw`",
            "sie ist eine Datenbank von Motion Export und nicht von {program}; um ihre Ereignisse zu übernehmen, verwenden Sie \
             `export --raw` und dann `import csv --raw`";
        /// A table is missing.
        TableMissing { program: &'static str, table: String } = "import_table_missing",
            "it is not a database of {program}: it has no table {table}",
            "sie ist keine Datenbank von {program}: sie hat keine Tabelle {table}";
        /// A column is missing.
        ColumnMissing { program: &'static str, table: String, column: String } = "import_column_missing",
            "it is not a database of {program}: its table {table} has no column {column}",
            "sie ist keine Datenbank von {program}: ihre Tabelle {table} hat keine Spalte {column}";
        /// Its latest changes are in another file.
        ChangesBeside = "import_changes_beside",
            "its latest changes are in a -wal or -journal file beside it, which SQLite can only read if it may write there; copy \
             the database with these files into another folder and import it from there",
            "ihre neuesten Änderungen sind in einer Datei -wal oder -journal daneben, die SQLite nur lesen kann, wenn es dort \
             schreiben darf; kopieren Sie die Datenbank mit diesen Dateien in einen anderen Ordner und importieren Sie sie von dort";
        /// It is damaged.
        Damaged = "import_damaged",
            "the file is damaged; restore a backup of it",
            "die Datei ist beschädigt; verwenden Sie eine Sicherung davon";
        /// It is encrypted, or no database.
        NotADatabase = "import_not_a_database",
            "the file is not a database of SQLite, or it is encrypted",
            "die Datei ist keine Datenbank von SQLite, oder sie ist verschlüsselt";
    }
}

messages! {
    /// Why a row of a CSV cannot be imported.
    pub enum RowProblem {
        /// It is one cell.
        OneCell { columns: usize } = "import_row_one_cell",
            "the whole row is one cell in quotes, and the first line has {columns} cells; a spreadsheet writes this for a CSV that \
             it opened as a single column: open the exported file with the separator “,” (in Excel with Data → From Text/CSV) and \
             save it again, or import the exported file as it was",
            "die ganze Zeile ist eine einzige Zelle in Anführungszeichen, und die erste Zeile hat {columns} Zellen; das schreibt eine \
             Tabellenkalkulation, wenn sie die CSV-Datei als eine Spalte geöffnet hat: öffnen Sie die exportierte Datei mit dem \
             Trennzeichen „,“ (in Excel mit Daten → Aus Text/CSV) und speichern Sie sie erneut, oder importieren Sie die exportierte \
             Datei, wie sie war";
        /// It has a decimal comma.
        DecimalComma { fields: usize, columns: usize, whole: String, fraction: String } = "import_row_decimal_comma",
            "it has {fields} fields, and the first line has {columns}: its confidence is written with a decimal comma \
             (“{whole},{fraction}”), which separates cells here; save the file with decimal points ({whole}.{fraction}), or import \
             the exported file as it was",
            "sie hat {fields} Felder, und die erste Zeile hat {columns}: ihre Konfidenz hat ein Dezimalkomma („{whole},{fraction}“), \
             das hier Zellen trennt; speichern Sie die Datei mit Dezimalpunkten ({whole}.{fraction}), oder importieren Sie die \
             exportierte Datei, wie sie war";
        /// It has too many cells, and commas separate them.
        UnquotedComma { fields: usize, columns: usize } = "import_row_unquoted_comma",
            "it has {fields} fields, and the first line has {columns}; a text that holds a comma must be in double quotes",
            "sie hat {fields} Felder, und die erste Zeile hat {columns}; ein Text, der ein Komma enthält, muss in doppelten \
             Anführungszeichen stehen";
        /// It has too many cells, and semicolons separate them.
        UnquotedSemicolon { fields: usize, columns: usize } = "import_row_unquoted_semicolon",
            "it has {fields} fields, and the first line has {columns}; a text that holds a semicolon must be in double quotes",
            "sie hat {fields} Felder, und die erste Zeile hat {columns}; ein Text, der ein Semikolon enthält, muss in doppelten \
             Anführungszeichen stehen";
        /// It has too few cells.
        TooFewFields { fields: usize, columns: usize } = "import_row_too_short",
            "it has {fields} fields, and the first line has {columns}",
            "sie hat {fields} Felder, und die erste Zeile hat {columns}";
        /// It is not in order.
        NotInOrder = "import_row_not_in_order",
            "column timestamp: it is earlier than the previous row; sort the rows by time, as in an export",
            "Spalte timestamp: sie ist früher als die vorige Zeile; sortieren Sie die Zeilen nach der Zeit, wie in einem Export";
        /// It has no camera.
        WithoutCamera = "import_row_without_camera",
            "column camera_id: it is empty; each event must have a camera",
            "Spalte camera_id: sie ist leer; jedes Ereignis muss eine Kamera haben";
        /// A number is not whole.
        NotWhole { column: &'static str, value: String } = "import_row_not_whole",
            "column {column}: “{value}” is not a whole number",
            "Spalte {column}: „{value}“ ist keine ganze Zahl";
        /// A confidence is not a number in its range.
        NotInRange { column: &'static str, value: String, max: u8 } = "import_row_not_in_range",
            "column {column}: “{value}” is not a number from 0 to {max}, with a decimal point",
            "Spalte {column}: „{value}“ ist keine Zahl von 0 bis {max}, mit Dezimalpunkt";
        /// A date does not exist.
        NoSuchDate { value: String } = "import_row_no_such_date",
            "column timestamp: “{value}” is a date that does not exist; its year, month and day must be those of the calendar, \
             such as 2025-02-28",
            "Spalte timestamp: „{value}“ ist ein Datum, das es nicht gibt; Jahr, Monat und Tag müssen im Kalender stehen, wie \
             2025-02-28";
        /// A year is out of range.
        YearOutOfRange { value: String } = "import_row_year_out_of_range",
            "column timestamp: “{value}” is not in the years that an export can hold, which are 0002 to 9998",
            "Spalte timestamp: „{value}“ liegt nicht in den Jahren, die ein Export enthalten kann: 0002 bis 9998";
        /// An hour does not exist.
        NoSuchHour { value: String } = "import_row_no_such_hour",
            "column timestamp: “{value}” has an hour that does not exist; it must be from 00 to 23, and the end of a day is \
             00:00:00 of the next",
            "Spalte timestamp: „{value}“ hat eine Stunde, die es nicht gibt; sie muss zwischen 00 und 23 liegen, und das Ende \
             eines Tages ist 00:00:00 des nächsten";
        /// A minute does not exist.
        NoSuchMinute { value: String } = "import_row_no_such_minute",
            "column timestamp: “{value}” has a minute or a second that does not exist; each must be from 00 to 59",
            "Spalte timestamp: „{value}“ hat eine Minute oder Sekunde, die es nicht gibt; beide müssen zwischen 00 und 59 liegen";
        /// A time cannot be read.
        TimeExpected { value: String } = "import_row_time_expected",
            "column timestamp: “{value}” is not a time with an offset; write it as 2025-12-15T10:30:00-08:00 or \
             2025-12-15T18:30:00Z (if this is ArgusAI's own CSV, in UTC, add --confidence fraction)",
            "Spalte timestamp: „{value}“ ist keine Zeit mit Zeitverschiebung; schreiben Sie sie als 2025-12-15T10:30:00-08:00 oder \
             2025-12-15T18:30:00Z (falls die Datei ArgusAIs eigene CSV-Datei in UTC ist, importieren Sie sie mit dem Kommando \
             import csv und --confidence fraction)";
    }
}
