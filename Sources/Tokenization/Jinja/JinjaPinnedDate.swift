/// The date that every template is told: Friday, 26 July 2024, 00:00:00, whatever the calendar says.
///
/// A prompt that names today's date would give the same text another vector tomorrow. The day is the one that Llama 3's
/// templates name when they cannot ask for the date.
enum JinjaPinnedDate {
    /// The date by a format of C's `strftime`, in the C locale.
    ///
    /// - Throws: `unsupported` for a directive that is not in the table.
    static func format(_ format: [UInt8], line: Int) throws(ChatTemplateError) -> [UInt8] {
        var result: [UInt8] = []
        var rest = format[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                result.append(byte)
                continue
            }
            let directive = rest.popFirst().map { String(UnicodeScalar($0)) } ?? ""
            guard let value = value(of: directive) else {
                throw .unsupported(line: line, construct: "the date format '%\(directive)'")
            }
            result += Array(value.utf8)
        }
        return result
    }

    private static func value(of directive: String) -> String? {
        switch directive {
        case "Y": "2024"
        case "y": "24"
        case "m": "07"
        case "B": "July"
        case "b": "Jul"
        case "d": "26"
        case "j": "208"
        case "A": "Friday"
        case "a": "Fri"
        case "H", "M", "S": "00"
        case "I": "12"
        case "p": "AM"
        case "%": "%"
        default: nil
        }
    }
}
