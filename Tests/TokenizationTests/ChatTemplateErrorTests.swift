import Testing
import Tokenization

@Suite("Chat template errors")
struct ChatTemplateErrorTests {
    private func render(_ source: String) throws -> String {
        try ChatTemplate(source: source + "{{ messages[1].content }}").render(
            systemPrompt: "S", text: "T", beginOfText: nil, endOfText: nil
        ).text
    }

    @Test(
        "A construct outside the subset is named when the template is parsed",
        arguments: [
            ("{% include 'x' %}", "the statement 'include'"), ("{% block a %}{% endblock %}", "the statement 'block'"),
            ("{% macro f(x) %}{% endmacro %}", "the statement 'macro'"), ("{% raw %}", "the statement 'raw'"),
            ("{% break %}", "the statement 'break'"), ("{% set x %}a{% endset %}", "a 'set' without one name and '='"),
            ("{% set a, b = 1 %}", "a 'set' without one name and '='"),
            ("{% set namespace = 1 %}", "an assignment to 'namespace'"),
            ("{% for a in b if c %}", "a 'for' with 'if'"),
            ("{% for a in b %}{% else %}{% endfor %}", "a 'for' with 'else'"),
            ("{{ x | sort }}", "the filter 'sort'"), ("{{ x | trim(1, 2) }}", "argument 2 of the filter 'trim'"),
            ("{{ x | tojson(true) }}", "argument 1 of the filter 'tojson'"),
            ("{{ x | tojson(sort_keys=true) }}", "the argument 'sort_keys' of the filter 'tojson'"),
            ("{{ x | reject('odd') }}", "the filter 'reject' without its argument 'value'"),
            ("{{ x | join(attribute='a') }}", "the argument 'attribute' of the filter 'join'"),
            ("{{ x | replace('a') }}", "the filter 'replace' without its argument 'new'"),
            ("{{ x is divisibleby(3) }}", "the test 'divisibleby'"),
            ("{{ x is none(3) }}", "an argument of the test 'none'"),
            ("{{ x.format(1) }}", "the method 'format'"),
            ("{{ x.split() }}", "the method 'split' without its argument 'sep'"),
            ("{{ x.strip(chars='a') }}", "the argument 'chars' of the method 'strip'"),
            ("{{ x.get }}", "the method 'get' without a call"), ("{{ range(3) }}", "the function 'range'"),
            ("{{ x[0](1) }}", "a call of an expression"),
            ("{{ namespace(x) }}", "a positional argument of the function 'namespace'"),
            ("{{ f(1) }}", "the function 'f'"), ("{{ raise_exception(*x) }}", "an unpacked argument"),
            ("{{ loop.index }}", "'loop' as a value"), ("{% for a in b %}{{ loop }}", "'loop' as a value"),
            ("{% for a in b %}{{ loop.cycle }}", "'loop.cycle'"), ("{{ (1, 2) }}", "a tuple"), ("{{ () }}", "a tuple"),
            ("{{ x[1, 2] }}", "a subscript with several indices"), ("{{ 1 / 2 }}", "the operator '/'"),
            ("{{ 2 ** 3 }}", "the operator '**'"), ("{{ +1 }}", "the sign '+'"), ("{{ 1.5 }}", "the number '1.5'"),
            ("{{ 0x1F }}", "the number '0x1F'"), ("{{ 9223372036854775808 }}", "the number '9223372036854775808'"),
            (#"{{ '\N{BULLET}' }}"#, #"the escape '\N'"#), ("{{ strftime_now('%s') }}", "the date format '%s'"),
        ])
    func unsupported(source: String, construct: String) {
        #expect(throws: ChatTemplateError.unsupported(line: 2, construct: construct)) {
            try ChatTemplate(source: "\n" + source)
        }
    }

    @Test(
        "What is not a template is refused with its line",
        arguments: [
            ("{{ 1", 1, "the end of the template", "'}}'"),
            ("{% if x %}\n", 1, "the end of the template", "'{% endif %}' for the '{% if %}'"),
            ("{% for x in y %}a{% endif %}", 1, "'endif'", "a statement"),
            ("\n{% endif %}", 2, "'endif'", "a statement"),
            ("{# a\n", 1, "the end of the template", "'#}'"), ("{% if x }}", 1, "'}'", "balanced brackets"),
            ("{{ (1] }}", 1, "']'", "balanced brackets"), ("{{ 'a }}", 1, "an unfinished string", "a closing quote"),
            ("{{ }}", 1, "'}}'", "an expression"), ("{{ 1 2 }}", 1, "'2'", "'}}'"),
            ("{{ a.1 }}", 1, "'1'", "the name of an attribute"),
            ("{{ x is string is defined }}", 1, "'is'", "no test of a test"), ("{{ a[] }}", 1, "']'", "an index"),
            ("{{ a\n$ }}", 2, "a character outside Jinja's alphabet", "an expression"),
            (#"{{ '\ud800' }}"#, 1, "the escape 'd800'", "4 digits of a code point"),
            ("{% 1 %}", 1, "'1'", "the name of a statement"),
        ])
    func syntax(source: String, line: Int, found: String, expected: String) {
        #expect(throws: ChatTemplateError.syntax(line: line, found: found, expected: expected)) {
            try ChatTemplate(source: source)
        }
    }

    @Test(
        "An operation on the wrong value says what it found and expected",
        arguments: [
            ("{{ 'a' + 1 }}", "'+' found an integer, expected a text"),
            ("{{ 1 + 'a' }}", "'+' found a text, expected an integer"),
            ("{{ none + 1 }}", "'+' found none, expected an integer, a text or a list"),
            ("{{ [] + 'a' }}", "'+' found a text, expected a list"),
            ("{{ 1 // 0 }}", "'//' found the divisor 0, expected another divisor"),
            ("{{ -'a' }}", "'-' found a text, expected an integer"),
            ("{{ [1] }}", "printing found a list, expected a text, a number or a boolean"),
            ("{{ 1 < 'a' }}", "a comparison found a text, expected two integers or two texts"),
            ("{{ 1 in 'a' }}", "'in' a text found an integer, expected a text"),
            ("{{ 'a' in none }}", "'in' found none, expected a text, a list or a dictionary"),
            ("{{ 'a'[::0] }}", "a slice found the step 0, expected another step"),
            ("{{ 'a'.split('') }}", "the method 'split' found an empty separator, expected a text"),
            ("{{ 1 .strip() }}", "the method 'strip' found an integer, expected a text"),
            ("{{ none | length }}", "the filter 'length' found none, expected a text, a list or a dictionary"),
            ("{{ 'ab' | items }}", "the filter 'items' found a text, expected a dictionary"),
            (
                "{% for a, b in [[1, 2], [3]] %}{% endfor %}",
                "'for' with 2 variables found a list, expected a list of 2 elements"
            ),
            (
                "{% for a, b in ['ab'] %}{% endfor %}",
                "'for' with 2 variables found a text, expected a list of 2 elements"
            ),
            ("{{ 1 | join }}", "the filter 'join' found an integer, expected a list"),
            ("{{ 'ab' | reject('eq', 'a') | join }}", "the filter 'reject' found a text, expected a list"),
            (
                "{{ [] | reject('even', 1) | join }}",
                "the filter 'reject' found another test, expected the test 'equalto'"
            ),
            ("{% for x in 1 %}{% endfor %}", "'for' found an integer, expected a list"),
            ("{% set x = 1 %}{% set x.y = 1 %}", "the assignment to 'x.y' found an integer, expected a namespace"),
            (
                "{{ 1 | tojson(indent=99) }}",
                "the indentation of 'tojson' found an integer, expected an integer from 0 to 16"
            ),
            ("{{ missing.x }}", "'missing' is undefined"), ("{{ missing + 'a' }}", "'missing' is undefined"),
            ("{{ missing | tojson }}", "'missing' is undefined"),
            ("{{ messages[9].role }}", "'an element of a list' is undefined"),
            ("{{ 9223372036854775807 + 1 }}", "the result of '+' does not fit 64 bits"),
            ("{{ (-9223372036854775807 - 1) // -1 }}", "the result of '//' does not fit 64 bits"),
            ("{{ '1e99' | int }}", "the result of the filter 'int' does not fit 64 bits"),
            ("{{ raise_exception('No\n' ~ 1) }}", "the template refuses the messages: No\\n1"),
        ])
    func wrongValues(source: String, message: String) {
        let error = #expect(throws: ChatTemplateError.self) {
            try render("\n" + source)
        }
        #expect(error?.description == "chat template: line 2: " + message)
    }

    @Test(
        "Deep nesting is refused before it can exhaust the stack",
        arguments: [
            String(repeating: "{% if 1 %}", count: 50_000), "{{ " + String(repeating: "(", count: 50_000),
            "{{ " + String(repeating: "[", count: 33) + String(repeating: "]", count: 33) + " }}",
            "{{ " + String(repeating: "not ", count: 50_000) + "1 }}",
            "{{ " + String(repeating: "- ", count: 50_000) + "1 }}",
            "{{ " + String(repeating: "1 if 1 else ", count: 50_000) + "1 }}",
            "{{ 1" + String(repeating: " + 1", count: 50_000) + " }}",
            "{{ a" + String(repeating: ".a", count: 50_000) + " }}",
            "{{ 1" + String(repeating: " | string", count: 50_000) + " }}",
            "{% set n = namespace(x=[]) %}" + String(repeating: "{% set n.x = [n.x] %}", count: 40),
        ])
    func deepNesting(source: String) throws {
        let error = #expect(throws: ChatTemplateError.self) {
            // Brackets have to match before they are counted.
            let closing = String(repeating: ")", count: source.hasSuffix("(") ? 50_000 : 0)
            _ = try render(source + (closing.isEmpty ? "" : "1" + closing + " }}"))
        }
        guard case .nestingTooDeep = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test(
        "A template that never ends or grows without bound is stopped",
        arguments: [
            "{% set l = [1, 2, 3, 4, 5, 6, 7, 8, 9] %}" + String(repeating: "{% for x in l %}", count: 20)
                + String(repeating: "{% endfor %}", count: 20),
            "{% set n = namespace(x=[1]) %}" + String(repeating: "{% set n.x = [n.x, n.x] %}", count: 30)
                + "{{ n.x | tojson }}",
            "{% set n = namespace(x=[1], y=[1]) %}"
                + String(repeating: "{% set n.x = [n.x, n.x] %}{% set n.y = [n.y, n.y] %}", count: 30)
                + "{{ n.x == n.y }}",
        ])
    func endlessTemplates(source: String) {
        #expect(throws: ChatTemplateError.stepLimitExceeded(line: 1, limit: 1_000_000)) {
            try render(source)
        }
    }

    @Test(
        "A template that fills the memory is stopped",
        arguments: [
            "{% set n = namespace(x='aaaaaaaa') %}" + String(repeating: "{% set n.x = n.x ~ n.x %}", count: 60),
            "{% set n = namespace(x=[1]) %}" + String(repeating: "{% set n.x = n.x + n.x %}", count: 60),
            "{% set n = namespace(x='aaaaaaaa') %}"
                + String(repeating: "{% set n.x = n.x | replace('a', n.x) %}", count: 60),
            "{% set n = namespace(x='aaaaaaaa') %}"
                + String(repeating: "{% set n.x = n.x | tojson | tojson %}", count: 60),
        ])
    func hugeTemplates(source: String) {
        // 16 MiB, and 16 bytes for each of the two messages' bytes.
        #expect(throws: ChatTemplateError.byteLimitExceeded(line: 1, limit: 16_777_248)) {
            try render(source)
        }
    }

    @Test("A source of more than a mebibyte is refused")
    func hugeSource() {
        #expect(throws: ChatTemplateError.sourceTooLarge(found: 1_048_577, limit: 1_048_576)) {
            try ChatTemplate(source: String(repeating: " ", count: 1_048_577))
        }
    }

    @Test(
        "Errors without a line name the bytes",
        arguments: [
            (
                ChatTemplateError.contentNotRendered,
                "chat template: the user's text is rendered nowhere, expected one place"
            ),
            (
                .contentRenderedTwice(first: 0..<2, second: 3..<5),
                "chat template: the user's text is rendered at bytes 0..<2 and again at bytes 3..<5, expected one place"
            ), (.sourceTooLarge(found: 2, limit: 1), "chat template: the source has 2 bytes, the limit is 1"),
        ])
    func descriptions(error: ChatTemplateError, message: String) {
        #expect(error.description == message)
    }
}
