import Testing
import Tokenization

/// Each expected output is what jinja2 3.1 renders, configured as Hugging Face configures it.
@Suite("Jinja expressions and statements")
struct JinjaLanguageTests {
    /// Rendered with an empty text, whose place every template has to have.
    private func render(_ template: String) throws -> String {
        try ChatTemplate(source: template + "{{ messages[-1].content }}").render(
            systemPrompt: "S", text: "", beginOfText: "<s>", endOfText: "</s>"
        ).text
    }

    @Test(
        "Arithmetic follows Python",
        arguments: [
            ("{{ 7 // 2 }} {{ -7 // 2 }} {{ 7 // -2 }} {{ -7 // -2 }} {{ 6 // -3 }}", "3 -4 -4 3 -2"),
            ("{{ 7 % 3 }} {{ -7 % 3 }} {{ 7 % -3 }} {{ -7 % -3 }} {{ 6 % -3 }}", "1 2 -2 -1 0"),
            ("{{ 2 * 3 + 1 }} {{ 1 + 2 * 3 }} {{ (1 + 2) * 3 }} {{ 10 - 2 - 3 }}", "7 7 9 5"),
            ("{{ true + 1 }} {{ - 3 }}", "2 -3"),
            ("{{ 'a' ~ 1 ~ none ~ true ~ missing }} {{ 'a' + 'b' }}", "a1NoneTrue ab"),
            ("{{ ([1] + [2, 3]) | length }}", "3"),
            ("{{ 'a' + ' b ' | trim + 'c' }} {{ 1 ~ 2 + 3 ~ 4 if false else 5 }}", "abc 5"),
        ])
    func arithmetic(template: String, expected: String) throws {
        #expect(try Array(render(template).utf8) == Array(expected.utf8))
    }

    @Test(
        "Comparisons and logic follow Python",
        arguments: [
            ("{{ 1 < 2 < 3 }} {{ 1 < 2 > 3 }} {{ 2 <= 2 }} {{ 3 >= 4 }} {{ 1 != 1 }}", "True False True False False"),
            ("{{ 'a' < 'b' }} {{ 'Z' < 'a' }} {{ 'é' > 'z' }} {{ 'ab' > 'a' }}", "True True True True"),
            ("{{ 1 == true }} {{ 1 == '1' }} {{ none == missing }}", "True False False"),
            ("{{ missing == absent }} {{ none == none }}", "True True"),
            ("{{ [1, 2] == [1, 2] }} {{ [1, 2] == [1, 3] }}", "True False"),
            ("{{ {'a': 1, 'b': 2} == {'b': 2, 'a': 1} }} {{ {'a': 1} == {'a': 2} }}", "True False"),
            (#"{{ '\u00e9' == 'e\u0301' }} {{ 'e\u0301' | length }}"#, "False 2"),
            (#"{{ '\u00e9' | length }} {{ 'e' in 'e\u0301' }}"#, "1 True"),
            ("{{ 'a' in 'cat' }} {{ 'x' not in 'cat' }} {{ '' in 'cat' }}", "True True True"),
            ("{{ 2 in [1, 2] }} {{ 3 in [1, 2] }} {{ 'q' in missing }}", "True False False"),
            ("{{ 'role' in messages[0] }} {{ 'tool_calls' in messages[0] }}", "True False"),
            ("{{ 1 in {'a': 1} }}", "False"),
            ("{{ not true or true and false }} {{ 'x' or 'y' }} {{ '' or 'y' }}", "False x y"),
            ("{{ 'x' and 'y' }} {{ missing or 0 }} {{ not [] }} {{ not {'a': 1} }}", "y 0 True False"),
            ("{{ 'yes' if 1 else 'no' }} {{ 'yes' if 0 }}", "yes "),
            ("{{ 'a' if 0 else 'b' if 0 else 'c' }}", "c"),
        ])
    func comparisons(template: String, expected: String) throws {
        #expect(try Array(render(template).utf8) == Array(expected.utf8))
    }

    @Test(
        "Tests tell the kinds of values apart",
        arguments: [
            ("{{ missing is defined }} {{ missing is not defined }}", "False True"),
            ("{{ missing is undefined }} {{ not missing is defined }}", "True True"),
            ("{{ messages is defined }}", "True"),
            ("{{ tools is none }} {{ tools is not none }} {{ not tools is none }}", "True False False"),
            ("{{ missing is none }} {{ documents is none }}", "False True"),
            ("{{ 'x' is string }} {{ 1 is string }} {{ {} is mapping }}", "True False True"),
            ("{{ [] is mapping }} {{ messages[0] is mapping }}", "False True"),
            ("{{ 'x' is iterable }} {{ [] is iterable }} {{ 1 is iterable }}", "True True False"),
            ("{{ missing is iterable }}", "True"),
            ("{{ [] is sequence }} {{ {} is sequence }} {{ 'x' is sequence }}", "True True True"),
            ("{{ none is sequence }}", "False"),
            ("{{ 1 is number }} {{ true is number }} {{ true is integer }}", "True True False"),
            ("{{ 1 is integer }} {{ 1 is boolean }} {{ false is boolean }}", "True False True"),
            ("{{ true is true }} {{ 1 is true }} {{ false is false }}", "True False True"),
            ("{{ strftime_now is defined }} {{ date_string is defined }}", "True False"),
        ])
    func tests(template: String, expected: String) throws {
        #expect(try Array(render(template).utf8) == Array(expected.utf8))
    }

    @Test(
        "Filters of lists follow Jinja",
        arguments: [
            (
                "{{ ['a', 'b', 'c'] | join(', ') }} {{ ['a', 1, none, true] | join }} {{ [] | join('x') }}",
                "a, b, c a1NoneTrue "
            ),
            ("{{ ['a', 'b'] | join(d='-') }}{{ missing | join('x') }} {{ {'k': 1, 'l': 2} | join('+') }}", "a-b k+l"),
            (
                "{{ ['a', 'b', 'a'] | reject('equalto', 'a') | join }} {{ [1, 2, true] | reject('eq', 1) | join }}",
                "b 2"
            ),
            (
                "{{ ['x', [1]] | reject('==', [1]) | join }}{{ missing | reject('eq', 1) | join }}",
                "x"
            ),
            (
                "{% for k, v in {'a': 1, 'b': 2} | items %}{{ k }}={{ v }}{{ ' ' if not loop.last }}{% endfor %}",
                "a=1 b=2"
            ),
            ("{% for a, b in [[1, 2], ['x', 'y']] %}{{ a ~ b }}{% endfor %}{{ a is defined }}", "12xyFalse"),
            ("{% for k, v in missing | items %}x{% endfor %}{% for k, k in [[1, 2]] %}{{ k }}{% endfor %}", "2"),
            ("{{ 'Tools: ' + ['a', 'b'] | reject('equalto', 'b') | join(', ') + '.' }}", "Tools: a."),
        ])
    func lists(template: String, expected: String) throws {
        #expect(try Array(render(template).utf8) == Array(expected.utf8))
    }

    @Test(
        "Methods and filters of texts follow Python",
        arguments: [
            ("[{{ '  a b ' | trim }}] [{{ ' x '.strip() }}] [{{ ' x '.lstrip() }}]", "[a b] [x] [x ]"),
            ("[{{ ' x '.rstrip() }}] [{{ none | trim }}] [{{ missing | trim }}]", "[ x] [None] []"),
            ("{{ 'xxaxx'.strip('x') }} {{ 'abcba'.strip('ab') }}", "a c"),
            ("{{ 'xay' | trim('xy') }} {{ 'éaé'.strip('é') }}", "a a"),
            (#"[{{ '\n\na\n'.lstrip('\n') }}] [{{ ' a'.strip(none) }}]"#, "[a\n] [a]"),
            (#"[{{ '\u00a0\u2003\x1c\x85a\u3000' | trim }}]"#, "[a]"),
            (#"{{ '\u200ba\ufeff' | trim | length }}"#, "3"),
            ("{{ 'abc'.startswith('ab') }} {{ 'abc'.startswith('b') }}", "True False"),
            ("{{ 'abc'.endswith('bc') }} {{ 'abc'.endswith('xabc') }}", "True False"),
            ("{{ 'a'.startswith('') }}", "True"),
            ("{{ 'a,b,,c'.split(',')[2] }}|{{ 'a,b,,c'.split(',') | length }}", "|4"),
            ("{{ 'a,b'.split(',')[-1] }} {{ 'ab'.split('x')[0] }}", "b ab"),
            ("{{ 'aaaa'.split('aa') | length }}", "3"),
            ("{{ 'héllo' | length }} {{ '🙂' | length }} {{ [1, 2] | length }}", "5 1 2"),
            ("{{ {'a': 1} | count }} {{ missing | length }}", "1 0"),
            ("{{ missing | default('d') }} [{{ '' | default('d') }}]", "d []"),
            ("{{ '' | default('d', true) }} {{ none | d('x', boolean=true) }}", "d x"),
            ("[{{ missing | default }}]", "[]"),
            ("{{ '42' | int }} {{ ' 3 ' | int }} {{ 'x' | int }} {{ 'x' | int(7) }}", "42 3 0 7"),
            ("{{ '3.9' | int }} {{ '-3.9' | int }} {{ none | int }}", "3 -3 0"),
            ("{{ true | int }}", "1"),
            ("{{ 'Straße' | upper }} {{ 'ÀB' | lower }} {{ 'ab'.upper() }}", "STRASSE àb AB"),
            ("{{ 'AB'.lower() }} {{ 12 | string + 'x' }}", "ab 12x"),
            ("{{ 'aXbX'.replace('X', 'yy') }} {{ 'aaa' | replace('aa', 'b') }}", "ayybyy ba"),
            ("{{ 'a-b' | replace('-', '') }} {{ 'ab' | replace('x', 'y') }}", "ab ab"),
            (#"{{ 'a\tb\'c"\x41\u00e9\U0001F642\101\q\\' }} {{ "d\"'" }}"#, "a\tb'c\"Aé🙂A\\q\\ d\"'"),
            (#"{{ 'a' 'b' "c" }}"#, "abc"),
        ])
    func texts(template: String, expected: String) throws {
        #expect(try Array(render(template).utf8) == Array(expected.utf8))
    }

    @Test(
        "Elements, slices and attributes follow Python",
        arguments: [
            ("{{ 'abcdef'[1:3] }} {{ 'abcdef'[-2:] }} {{ 'abcdef'[::-1] }}", "bc ef fedcba"),
            ("{{ 'abcdef'[4:1:-2] }} {{ 'héllo'[1] }} {{ 'héllo'[2:] }}", "ec é llo"),
            ("{{ 'abc'[-1] }}", "c"),
            ("[{{ 'abc'[9] }}] [{{ 'abc'[5:9] }}] [{{ 'abc'[2:1] }}]", "[] [] []"),
            ("{{ 'abc'[none:2] }} {{ 'abc'[:-1] }}", "ab ab"),
            ("{{ [1, 2, 3][-9:2] | tojson }} {{ [1, 2, 3][::-2] | tojson }}", "[1, 2] [3, 1]"),
            ("{{ [1, 2, 3][5::-1] | tojson }} {{ [1, 2, 3][:-9:-1] | tojson }}", "[3, 2, 1] [3, 2, 1]"),
            ("{{ [1, 2, 3][::2] | tojson }}", "[1, 3]"),
            ("[{{ [1, 2][9] }}] [{{ [1, 2][-3] }}] {{ [1, 2][-1] }}", "[] [] 2"),
            ("[{{ messages[0].missing }}] [{{ messages[0]['missing'] }}]", "[] []"),
            ("[{{ none.x }}] [{{ messages['x'] }}]", "[] []"),
            ("{{ messages[0].role }} {{ messages[0]['content'] }}", "system S"),
            ("{{ messages[-1].role }} {{ {'a': {'b': 1}}.a.b }}", "user 1"),
            ("{{ [[1, 2], [3]][0][1] }}", "2"),
            ("{{ messages[0].get('role') }} {{ messages[0].get('x') }}", "system None"),
            ("{{ messages[0].get('x', 'd') }}", "d"),
            ("{{ {'a': {'b': '}}'}}['a']['b'] }} {{ '%}' }} {{ {'a': 1, }['a'] }}", "}} %} 1"),
            ("{{ [1, ][0] }} {{ messages[ 0 ] . role }} {{ '{{ 1 }}' }}", "1 system {{ 1 }}"),
            (
                #"{{ {'a': [1, true, none, 'é"\n\\/\x07'], 'b': {}} | tojson }}"#,
                #"{"a": [1, true, null, "é\"\n\\/\u0007"], "b": {}}"#
            ),
            ("{{ [] | tojson(indent=4) }} {{ [1] | tojson(indent=0) }}", "[] [\n1\n]"),
            ("{{ 'x' | tojson(indent=none) }}", #""x""#),
            (
                "{{ {'a': [1, {'b': []}], 'c': 'x'} | tojson(indent=2) }}",
                "{\n  \"a\": [\n    1,\n    {\n      \"b\": []\n    }\n  ],\n  \"c\": \"x\"\n}"
            ),
        ])
    func elements(template: String, expected: String) throws {
        #expect(try Array(render(template).utf8) == Array(expected.utf8))
    }

    @Test(
        "Statements scope and branch as in Jinja",
        arguments: [
            (
                "{% for m in messages %}{{ loop.index }}{{ loop.index0 }}{{ loop.length }}{{ m.role }};{% endfor %}",
                "102system;212user;"
            ),
            ("{% for m in messages %}{{ loop.first }}{{ loop.last }};{% endfor %}", "TrueFalse;FalseTrue;"),
            ("{% for m in messages[::-1] %}{{ m.role }} {% endfor %}", "user system "),
            ("{% for m in messages[1:] %}{{ m.role }}{% endfor %}", "user"),
            ("{% set x = 1 %}{% for i in [1, 2] %}{% set x = x + i %}{{ x }} {% endfor %}{{ x }}", "2 3 1"),
            ("{% set x = 1 %}{% if x %}{% set x = 2 %}{% endif %}{{ x }}", "2"),
            (
                "{% set n = namespace(x=1) %}{% for i in [1, 2] %}{% set n.x = n.x + i %}{% endfor %}{{ n.x }}[{{ n.z }}]",
                "4[]"
            ),
            (
                "{% for x in [1] %}{% for y in [2, 3] %}{{ loop.index }}{{ y }} {% endfor %}{{ loop.index }}{% endfor %}[{{ x }}]",
                "12 23 1[]"
            ),
            ("{% for k in {'a': 1, 'b': 2} %}{{ k }}{% endfor %}", "ab"),
            ("{% for x in missing %}x{% endfor %}{% for x in [] %}x{% endfor %}", ""),
            ("{% if tools %}a{% elif not tools %}b{% else %}c{% endif %}", "b"),
            ("{% if 0 %}a{% elif 0 %}b{% else %}c{% endif %}{% if 0 %}d{% endif %}", "c"),
            ("{% set messages = messages[1:] %}{{ messages | length }}{% set tools = 1 %}{{ tools }}", "11"),
            (
                "[{{ missing }}] {{ none }} {{ true }} {{ False }} {{ 12 }} {{ bos_token }}{{ eos_token }} {{ add_generation_prompt }}",
                "[] None True False 12 <s></s> True"
            ),
        ])
    func statements(template: String, expected: String) throws {
        #expect(try Array(render(template).utf8) == Array(expected.utf8))
    }
}
