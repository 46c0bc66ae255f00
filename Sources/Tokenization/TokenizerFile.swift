/// What this tokenizer reads of a Hugging Face `tokenizer.json`, as the file spells it.
///
/// Left out: `truncation`, `padding` and `post_processor`, which act outside of a text's own tokens.
struct TokenizerFile: Decodable {
    struct AddedToken: Decodable {
        var id: Int
        var content: String
        var singleWord: Bool?
        var lstrip: Bool?
        var rstrip: Bool?
        var normalized: Bool?
        var special: Bool?

        enum CodingKeys: String, CodingKey {
            case id, content, lstrip, rstrip, normalized, special
            case singleWord = "single_word"
        }
    }

    struct Normalizer: Decodable {
        var type: String
        var normalizers: [Normalizer]?
    }

    struct PreTokenizer: Decodable {
        struct Pattern: Decodable {
            var regex: String?

            enum CodingKeys: String, CodingKey {
                case regex = "Regex"
            }
        }

        var type: String
        var pretokenizers: [PreTokenizer]?
        var pattern: Pattern?
        var behavior: String?
        var invert: Bool?
        var addPrefixSpace: Bool?
        var useRegex: Bool?
        var individualDigits: Bool?

        enum CodingKeys: String, CodingKey {
            case type, pretokenizers, pattern, behavior, invert
            case addPrefixSpace = "add_prefix_space"
            case useRegex = "use_regex"
            case individualDigits = "individual_digits"
        }
    }

    struct Decoder: Decodable {
        var type: String
    }

    /// Pairs, or in older files each pair as one string.
    enum Merges: Decodable {
        case pairs([[String]])
        case strings([String])

        init(from decoder: any Swift.Decoder) throws {
            let container = try decoder.singleValueContainer()
            do {
                self = .strings(try container.decode([String].self))
            } catch DecodingError.typeMismatch(_, let context) where context.codingPath.last?.intValue == 0 {
                // The first merge is no string.
                self = .pairs(try container.decode([[String]].self))
            }
        }
    }

    struct Model: Decodable {
        var type: String?
        var dropout: Double?
        var unknownToken: String?
        var continuingSubwordPrefix: String?
        var endOfWordSuffix: String?
        var byteFallback: Bool?
        var ignoreMerges: Bool?
        var vocabulary: [String: Int]
        var merges: Merges

        enum CodingKeys: String, CodingKey {
            case type, dropout, merges
            case unknownToken = "unk_token"
            case continuingSubwordPrefix = "continuing_subword_prefix"
            case endOfWordSuffix = "end_of_word_suffix"
            case byteFallback = "byte_fallback"
            case ignoreMerges = "ignore_merges"
            case vocabulary = "vocab"
        }
    }

    var addedTokens: [AddedToken]?
    var normalizer: Normalizer?
    var preTokenizer: PreTokenizer
    var decoder: Decoder
    var model: Model

    enum CodingKeys: String, CodingKey {
        case normalizer, decoder, model
        case addedTokens = "added_tokens"
        case preTokenizer = "pre_tokenizer"
    }
}
