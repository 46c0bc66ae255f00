/// An expression of a template, checked against the subset.
struct JinjaExpression: Sendable {
    let kind: Kind
    /// Counted from 1.
    let line: Int
    /// The height of the expression's tree, bounded by the parser: evaluation recurses this deep.
    let depth: Int

    indirect enum Kind: Sendable {
        case literal(JinjaValue)
        case variable(String)
        case loopAttribute(JinjaLoopAttribute)
        case list([JinjaExpression])
        case dictionary([JinjaPair])
        case attribute(JinjaExpression, name: String)
        case element(JinjaExpression, index: JinjaExpression)
        case slice(JinjaExpression, lower: JinjaExpression?, upper: JinjaExpression?, step: JinjaExpression?)
        case negative(JinjaExpression)
        case not(JinjaExpression)
        case and(JinjaExpression, JinjaExpression)
        case or(JinjaExpression, JinjaExpression)
        case arithmetic(JinjaArithmetic, JinjaExpression, JinjaExpression)
        case comparison(JinjaExpression, [JinjaComparison])
        case conditional(JinjaExpression, condition: JinjaExpression, otherwise: JinjaExpression?)
        case filter(JinjaFilter, JinjaExpression, [JinjaExpression?])
        case test(JinjaTest, JinjaExpression)
        case method(JinjaMethod, JinjaExpression, [JinjaExpression?])
        case call(JinjaFunction, [JinjaExpression?])
        case namespace([JinjaPair])
    }
}

/// A key and its value, of a dictionary literal or a `namespace` call.
struct JinjaPair: Sendable {
    let key: JinjaExpression
    let value: JinjaExpression
}

/// An operator on two values that yields a third.
enum JinjaArithmetic: String, Sendable {
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case floorDivide = "//"
    case modulo = "%"
    case concatenate = "~"
}

/// One link of a chain of comparisons such as `a < b <= c`.
struct JinjaComparison: Sendable {
    enum Operator: String, Sendable {
        case equal = "=="
        case notEqual = "!="
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="
        case contained = "in"
        case notContained = "not in"
    }

    let comparator: Operator
    let operand: JinjaExpression
}

/// What a template asks of the innermost loop.
enum JinjaLoopAttribute: String, Sendable {
    case index, index0, first, last, length
}

/// A piece of a template.
indirect enum JinjaStatement: Sendable {
    /// Text outside the tags.
    case data(MarkedText, line: Int)
    /// `{{ … }}`
    case output(JinjaExpression)
    /// `{% set variable = value %}`
    case assign(variable: String, value: JinjaExpression)
    /// `{% set namespace.attribute = value %}`
    case assignAttribute(namespace: String, attribute: String, value: JinjaExpression)
    /// `{% if %}`, its `elif`s in order, and its `else`
    case branch([JinjaBranch], otherwise: [JinjaStatement])
    /// `{% for variable in sequence %}`
    case loop(variables: [String], sequence: JinjaExpression, body: [JinjaStatement])
}

/// One arm of an `{% if %}`.
struct JinjaBranch: Sendable {
    let condition: JinjaExpression
    let body: [JinjaStatement]
}
