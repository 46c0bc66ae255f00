/// Templates in the styles of the families that are served, short enough to read.
enum ChatTemplateSources {
    /// The markup of Qwen2.5: a default system message, roles compared, a branch for tools.
    static let chatML = """
        {%- if tools %}
            {{- '<|im_start|>system\\n# Tools\\n' }}
            {%- for tool in tools %}
                {{- "\\n" }}
                {{- tool | tojson }}
            {%- endfor %}
            {{- '<|im_end|>\\n' }}
        {%- elif messages[0]['role'] != 'system' %}
            {{- '<|im_start|>system\\nBe helpful.<|im_end|>\\n' }}
        {%- endif %}
        {%- for message in messages %}
            {%- if message.role == "user" or message.role == "system" %}
                {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
            {%- elif message.role == "tool" and (loop.first or messages[loop.index0 - 1].role != "tool") %}
                {{- '<|im_start|>user' }}
            {%- endif %}
        {%- endfor %}
        {%- if add_generation_prompt %}
            {{- '<|im_start|>assistant\\n' }}
        {%- endif %}
        """

    /// The markup of Llama 3: a date, a system message cut off the list, and trimmed contents.
    static let headers = """
        {{- bos_token }}
        {%- if not date_string is defined %}
            {%- if strftime_now is defined %}
                {%- set date_string = strftime_now("%d %b %Y") %}
            {%- endif %}
        {%- endif %}
        {#- The system message has a slot of its own. #}
        {%- if messages[0]['role'] == 'system' %}
            {%- set system_message = messages[0]['content']|trim %}
            {%- set messages = messages[1:] %}
        {%- else %}
            {%- set system_message = "" %}
        {%- endif %}
        {{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
        {{- "Today Date: " + date_string + "\\n\\n" }}
        {{- system_message }}
        {{- "<|eot_id|>" }}
        {%- for message in messages %}
            {%- if not (message.role == 'ipython' or 'tool_calls' in message) %}
                {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'+ message['content'] | trim + '<|eot_id|>' }}
            {%- elif not message.tool_calls|length == 1 %}
                {{- raise_exception("This model only supports single tool-calls at once!") }}
            {%- endif %}
        {%- endfor %}
        {%- if add_generation_prompt %}
            {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
        {%- endif %}
        """

    /// The markup of Qwen3: a namespace filled in a loop over the reversed messages, and texts taken apart.
    static let reasoning = """
        {%- set ns = namespace(searching=true, last_query_index=messages|length - 1) %}
        {%- for message in messages[::-1] %}
            {%- set index = (messages|length - 1) - loop.index0 %}
            {%- if ns.searching and message.role == "user" and not(message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}
                {%- set ns.searching = false %}
                {%- set ns.last_query_index = index %}
            {%- endif %}
        {%- endfor %}
        {%- for message in messages %}
            {%- set content = message.content %}
            {%- if message.role != "assistant" %}
                {{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>' + '\\n' }}
            {%- else %}
                {%- set reasoning_content = '' %}
                {%- if '</think>' in content %}
                    {%- set reasoning_content = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
                {%- endif %}
                {%- if loop.index0 > ns.last_query_index and (loop.last or reasoning_content) %}
                    {{- '<think>\\n' + reasoning_content.strip('\\n') + '\\n</think>\\n\\n' }}
                {%- endif %}
            {%- endif %}
        {%- endfor %}
        {%- if add_generation_prompt %}
            {{- '<|im_start|>assistant\\n' }}
            {%- if enable_thinking is defined and enable_thinking is false %}
                {{- '<think>\\n\\n</think>\\n\\n' }}
            {%- endif %}
        {%- endif %}
        """

    /// The markup of SmolLM2: one line, without white space control.
    static let oneLine =
        "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ 'Be helpful.' }}"
        + "{% endif %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}"
        + "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
}
