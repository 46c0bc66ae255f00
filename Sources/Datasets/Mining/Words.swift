/// The words of a text: runs of letters and digits, in lower case. Of scripts that put no spaces between words, each
/// ideograph and each kana is a word.
enum Words {
    static func split(_ text: String) -> [String] {
        var words: [String] = []
        var word = String.UnicodeScalarView()
        func end() {
            if !word.isEmpty { words.append(String(word).lowercased()) }
            word.removeAll()
        }
        for scalar in text.unicodeScalars {
            if isWord(scalar) {
                end()
                words.append(String(scalar))
            } else if isPart(scalar) {
                word.append(scalar)
            } else {
                end()
            }
        }
        end()
        return words
    }

    /// Hiragana and katakana, and ideographs.
    private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        guard scalar.value >= 0x3040 else { return false }
        return scalar.value <= 0x30FF || scalar.properties.isIdeographic
    }

    private static func isPart(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9": true
        case ..<"\u{80}": false
        default:
            switch scalar.properties.generalCategory {
            case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
                .nonspacingMark, .spacingMark:
                true
            default: false
            }
        }
    }
}
