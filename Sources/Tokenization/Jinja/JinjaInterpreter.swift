/// Renders a template's statements.
struct JinjaInterpreter {
    /// What was rendered so far.
    private(set) var output = MarkedText()
    var budget: JinjaBudget
    /// The template's variables, then those of each enclosing loop, the innermost last.
    private var scopes: [[String: JinjaValue]]
    private(set) var loops: [Loop] = []
    /// What `JinjaValue.namespace` refers to.
    private(set) var namespaces: [JinjaDictionary] = []

    /// A `for` at work.
    struct Loop {
        var index: Int
        let count: Int
    }

    /// An interpreter that has rendered nothing yet.
    init(variables: [String: JinjaValue], budget: JinjaBudget) {
        scopes = [variables]
        self.budget = budget
    }

    /// Renders statements to `output`.
    mutating func execute(_ statements: [JinjaStatement]) throws(ChatTemplateError) {
        for statement in statements {
            switch statement {
            case .data(let text, let line):
                try write(text, line: line)
            case .output(let expression):
                try write(try text(of: try evaluate(expression), line: expression.line), line: expression.line)
            case .assign(let variable, let expression):
                scopes[scopes.count - 1][variable] = try evaluate(expression)
            case .assignAttribute(let namespace, let attribute, let expression):
                try assign(attribute, of: namespace, to: expression)
            case .branch(let branches, let otherwise):
                try execute(branches, otherwise: otherwise)
            case .loop(let variables, let sequence, let body):
                try loop(variables, over: sequence, body: body)
            }
        }
    }

    /// The value of a variable, undefined if there is none.
    func variable(_ name: String) -> JinjaValue {
        for scope in scopes.reversed() {
            if let value = scope[name] {
                return value
            }
        }
        return JinjaFunction(rawValue: name).map { .function($0) } ?? .undefined(name: name)
    }

    /// Adds a namespace and returns the value that refers to it.
    mutating func makeNamespace(_ attributes: JinjaDictionary) -> JinjaValue {
        namespaces.append(attributes)
        return .namespace(namespaces.count - 1)
    }

    private mutating func write(_ text: MarkedText, line: Int) throws(ChatTemplateError) {
        try budget.spendStep(line: line)
        try budget.spend(text, line: line)
        output.append(text)
    }

    private mutating func assign(_ attribute: String, of name: String, to expression: JinjaExpression)
        throws(ChatTemplateError)
    {
        let value = try evaluate(expression)
        let target = variable(name)
        guard case .namespace(let place) = target else {
            throw .wrongValue(
                line: expression.line, operation: "the assignment to '\(name).\(attribute)'", found: target.kindName,
                expected: "a namespace")
        }
        namespaces[place][attribute] = value
    }

    private mutating func execute(_ branches: [JinjaBranch], otherwise: [JinjaStatement]) throws(ChatTemplateError) {
        for branch in branches where try evaluate(branch.condition).isTruthy {
            return try execute(branch.body)
        }
        try execute(otherwise)
    }

    private mutating func loop(_ variables: [String], over sequence: JinjaExpression, body: [JinjaStatement])
        throws(ChatTemplateError)
    {
        let elements = try elements(of: try evaluate(sequence), operation: "'for'", line: sequence.line)
        loops.append(Loop(index: 0, count: elements.count))
        defer { loops.removeLast() }
        for (index, element) in elements.enumerated() {
            try budget.spendStep(line: sequence.line)
            loops[loops.count - 1].index = index
            scopes.append(try scope(of: element, for: variables, line: sequence.line))
            defer { scopes.removeLast() }
            try execute(body)
        }
    }

    /// The variables of one turn of a loop: one holds the element, several an element each of the list that it is.
    private mutating func scope(of element: JinjaValue, for variables: [String], line: Int) throws(ChatTemplateError)
        -> [String: JinjaValue]
    {
        if variables.count == 1 {
            return [variables[0]: element]
        }
        guard case .list(let parts, _) = element, parts.count == variables.count else {
            throw .wrongValue(
                line: line, operation: "'for' with \(variables.count) variables", found: element.kindName,
                expected: "a list of \(variables.count) elements")
        }
        try budget.spend(elements: parts.count, line: line)
        // Of a name that stands twice the last counts.
        return Dictionary(zip(variables, parts)) { $1 }
    }

    /// What iterating over a value yields; nothing if it is undefined, as in Jinja.
    mutating func elements(of value: JinjaValue, operation: String, line: Int) throws(ChatTemplateError)
        -> [JinjaValue]
    {
        switch value {
        case .undefined:
            return []
        case .list(let elements, _):
            return elements
        case .dictionary(let dictionary):
            try budget.spend(elements: dictionary.entries.count, line: line)
            return dictionary.entries.map { .text($0.key) }
        default:
            throw .wrongValue(line: line, operation: operation, found: value.kindName, expected: "a list")
        }
    }
}
