/// How lines are laid out.
package enum LogFormat: String, Sendable, CaseIterable {
    /// Time, level, label, message and `key=value`: for people.
    case text
    /// An object a line: for programs.
    case json
}
