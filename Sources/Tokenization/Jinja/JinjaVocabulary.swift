/// A parameter of a filter, method or function of the subset.
struct JinjaParameter: Sendable {
    let name: String
    var isRequired = false
    var allowsPosition = true
    var allowsKeyword = true

    /// A parameter as Python's own methods have them: by position only.
    static func positional(_ name: String, isRequired: Bool = false) -> JinjaParameter {
        JinjaParameter(name: name, isRequired: isRequired, allowsKeyword: false)
    }
}

/// The filters of the subset, by their Jinja names.
enum JinjaFilter: String, Sendable {
    case trim, tojson, length, count, string, int, upper, lower, replace, reject, join, items
    case `default`
    case d

    var parameters: [JinjaParameter] {
        switch self {
        case .length, .count, .string, .upper, .lower, .items: []
        case .trim: [JinjaParameter(name: "chars")]
        // Its first positional parameter is `ensure_ascii`, which no template sets.
        case .tojson: [JinjaParameter(name: "indent", allowsPosition: false)]
        case .int: [JinjaParameter(name: "default")]
        case .replace: [JinjaParameter(name: "old", isRequired: true), JinjaParameter(name: "new", isRequired: true)]
        // Other tests take other arguments; templates reject what equals a value.
        case .reject: [.positional("test", isRequired: true), .positional("value", isRequired: true)]
        case .join: [JinjaParameter(name: "d")]
        case .default, .d: [JinjaParameter(name: "default_value"), JinjaParameter(name: "boolean")]
        }
    }
}

/// The tests of the subset, by their Jinja names. None takes an argument.
enum JinjaTest: String, Sendable {
    case defined, undefined, none, string, mapping, iterable, sequence, number, integer, boolean
    case `true`, `false`
}

/// The methods of texts and dictionaries of the subset, by their Python names.
enum JinjaMethod: String, Sendable {
    case strip, lstrip, rstrip, startswith, endswith, split, upper, lower, replace
    case get

    var parameters: [JinjaParameter] {
        switch self {
        case .upper, .lower: []
        case .strip, .lstrip, .rstrip: [.positional("chars")]
        case .startswith: [.positional("prefix", isRequired: true)]
        case .endswith: [.positional("suffix", isRequired: true)]
        // Without a separator Python splits at runs of white space, which no template of ours does.
        case .split: [.positional("sep", isRequired: true)]
        case .replace: [.positional("old", isRequired: true), .positional("new", isRequired: true)]
        case .get: [.positional("key", isRequired: true), .positional("default")]
        }
    }
}

/// The functions of the subset. `namespace` is one as well, with a syntax node of its own.
enum JinjaFunction: String, Sendable {
    case raiseException = "raise_exception"
    case strftimeNow = "strftime_now"
    case namespace

    var parameters: [JinjaParameter] {
        switch self {
        case .raiseException: [JinjaParameter(name: "message", isRequired: true)]
        case .strftimeNow: [JinjaParameter(name: "format", isRequired: true)]
        case .namespace: []
        }
    }
}
