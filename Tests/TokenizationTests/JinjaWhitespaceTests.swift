import Testing
import Tokenization

/// Each expected output is what jinja2 3.1 renders with `trim_blocks` and `lstrip_blocks`.
@Suite("Jinja white space")
struct JinjaWhitespaceTests {
    @Test(
        "White space around tags is kept or removed as in jinja2",
        arguments: [
            ("  {% if true %}  \n  {{ messages[1].content }}\n  {% endif %}  \nb", "  \n  T\n  \nb"),
            ("x  {%- if true -%}  {{ messages[1].content }}  {%- endif -%}  z", "xTz"),
            ("  {%+ if true %}{{ messages[1].content }}{%+ endif +%}\nb", "  T\nb"),
            ("{{ messages[1].content }}  {# c #}\nb{#- d -#}  c", "T  bc"),
            ("{{ messages[1].content }} {#+ c +#}\nb", "T \nb"),
            ("  {{- 'a' -}}   {{ messages[1].content }}", "aT"),
            ("  {{ 'a' }}\n{{ messages[1].content }}", "  a\nT"),
            ("{{ messages[1].content }}\n", "T"),
            ("{{ messages[1].content }}\n\n", "T\n"),
            ("a\r\n{{ messages[1].content }}\rc\r\n", "a\nT\nc"),
            ("{% if 1 %}\n\n{{ messages[1].content }}{% endif %}\n\n", "\nT"),
            ("\n  {% if 1 %}\n \u{2003} {% endif %}{{ messages[1].content }}", "\nT"),
            ("{%- if 1 %}\n   {{- 'x' }}\n  {{ messages[1].content }}\n {%- endif %}\n z", "x\n  T z"),
            ("{% set x = 'a\nb' %}{{ x }}{{ messages[1].content }}", "a\nbT"),
            ("{# a\n b #}  {% if 1 %}{{ messages[1].content }}{% endif %}", "  T"),
            ("{% if 1 -%}\n\n  {% if 1 %}{{ messages[1].content }}{% endif %}{% endif %}", "T"),
            ("{{ messages[1].content }}  {% if 1 %}y{% endif %}", "T  y"),
            ("{{ messages[1].content }}\n  {% if 1 %}y{% endif %}", "T\ny"),
            ("{% if 1 %}  {% if 1 %}{{ messages[1].content }}{% endif %}\n  {% endif %}x", "  Tx"),
            ("{#-#}{{ messages[1].content }}", "T"),
            ("{ {% if 1 %}{{{'a':1}['a']}}{% endif %} } %} }} {{ messages[1].content }}", "{ 1 } %} }} T"),
            ("   {# c\n #}\n   {{ messages[1].content }}", "   T"),
            ("\u{A0}{% if 1 %}{{ messages[1].content }}{% endif %}\n", "T"),
            ("{{ 'a'\n}}\n{% if\n 1 %}\n{{ messages[1].content }}{% endif %}", "a\nT"),
        ])
    func whitespace(template: String, expected: String) throws {
        let prompt = try ChatTemplate(source: template).render(
            systemPrompt: "S", text: "T", beginOfText: nil, endOfText: nil)
        #expect(Array(prompt.text.utf8) == Array(expected.utf8))
    }
}
