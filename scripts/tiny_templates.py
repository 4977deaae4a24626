"""Chat templates for models of no size, a family of tool calls each, as short as they can be.

The families' real ones say more; what matters here is where they put the tools, how they write a
call, and what they refuse.
"""

from __future__ import annotations

CHATML_END = "<|im_end|>"

HERMES = """\
{%- if messages[0].role == 'system' or tools -%}
<|im_start|>system
{% if messages[0].role == 'system' %}{{ messages[0].content }}{% endif %}
{%- if tools %}

# Tools
<tools>
{%- for tool in tools %}
{{ tool | tojson }}
{%- endfor %}
</tools>
Call with <tool_call>{"name": …, "arguments": …}</tool_call>.
{%- endif %}<|im_end|>
{% endif -%}
{%- for message in messages -%}
{%- if message.role == 'user' or (message.role == 'assistant' and not message.tool_calls) -%}
<|im_start|>{{ message.role }}
{{ message.content }}<|im_end|>
{% elif message.role == 'assistant' -%}
<|im_start|>assistant
{{ message.content }}
{%- for call in message.tool_calls %}
<tool_call>
{{ call.function | tojson }}
</tool_call>
{%- endfor %}<|im_end|>
{% elif message.role == 'tool' -%}
<|im_start|>user
<tool_response>
{{ message.content }}
</tool_response><|im_end|>
{% endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}
<|im_start|>assistant
{% endif -%}
"""

LLAMA3 = """\
{{- bos_token -}}
<|start_header_id|>system<|end_header_id|>

Environment: ipython
{%- if tools and not tools_in_user_message %}
{%- for tool in tools %}
{{ tool | tojson }}
{%- endfor %}
Respond with {"name": function name, "parameters": dictionary}.
{%- endif %}
{% if messages[0].role == 'system' %}{{ messages[0].content }}{% endif %}<|eot_id|>
{%- for message in messages -%}
{%- if message.tool_calls -%}
{%- if message.tool_calls | length != 1 -%}
{{- raise_exception('This model only supports single tool-calls at once!') -}}
{%- endif -%}
{%- set call = message.tool_calls[0].function -%}
<|start_header_id|>assistant<|end_header_id|>

{"name": "{{ call.name }}", "parameters": {{ call.arguments | tojson }}}<|eot_id|>
{%- elif message.role == 'tool' -%}
<|start_header_id|>ipython<|end_header_id|>

{{ message.content | tojson }}<|eot_id|>
{%- elif message.role != 'system' -%}
<|start_header_id|>{{ message.role }}<|end_header_id|>

{{ message.content }}<|eot_id|>
{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}
<|start_header_id|>assistant<|end_header_id|>

{% endif -%}
"""

MISTRAL = """\
{{- bos_token -}}
{%- for message in messages -%}
{%- if message.role == 'user' -%}
{%- if tools and (message == messages[-1] or messages[-1].role != 'user') -%}
[AVAILABLE_TOOLS]{{ tools | tojson }}[/AVAILABLE_TOOLS]
{%- endif -%}
[INST]{% if messages[0].role == 'system' and loop.index0 == 1 %}{{ messages[0].content }}

{% endif %}{{ message.content }}[/INST]
{%- elif message.tool_calls -%}
[TOOL_CALLS][
{%- for call in message.tool_calls -%}
{%- if call.id | length != 9 -%}
{{- raise_exception('Tool call IDs should be alphanumeric strings with length 9!') -}}
{%- endif -%}
{{ {'name': call.function.name, 'arguments': call.function.arguments, 'id': call.id} | tojson }}
{%- if not loop.last %}, {% endif -%}
{%- endfor -%}
]{{ eos_token }}
{%- elif message.role == 'tool' -%}
[TOOL_RESULTS]{"content": {{ message.content | tojson }}, "call_id": "{{ message.tool_call_id }}"}
{{- '[/TOOL_RESULTS]' -}}
{%- elif message.role == 'assistant' -%}
{{ message.content }}{{ eos_token }}
{%- endif -%}
{%- endfor -%}
"""

PLAIN = """\
{%- for message in messages -%}
<|im_start|>{{ message.role }}
{{ message.content }}
{%- if loop.first and tools %}
Tools: {{ tools | tojson }}{% endif %}
{%- for call in message.tool_calls or [] %}{{ call.function | tojson }}{% endfor %}<|im_end|>
{% endfor -%}
<|im_start|>assistant{{ '\n' }}"""

NO_TOOLS = """\
{%- for message in messages -%}
{%- if message.role not in ('user', 'assistant') -%}
{{- raise_exception('Only user and assistant roles are supported!') -}}
{%- elif (message.role == 'user') != (loop.index0 % 2 == 0) -%}
{{- raise_exception('Conversation roles must alternate user/assistant/…') -}}
{%- endif -%}
<|im_start|>{{ message.role }}
{{ message.content }}<|im_end|>
{% endfor -%}
<|im_start|>assistant{{ '\n' }}"""

FAMILIES = {"hermes": HERMES, "llama3": LLAMA3, "mistral": MISTRAL, "plain": PLAIN}
CONTROL = (
    *("<|im_start|>", CHATML_END, "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"),
    *("<|python_tag|>", "[INST]", "[/INST]", "[TOOL_CALLS]", "[TOOL_RESULTS]", "[/TOOL_RESULTS]"),
    *("[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]"),
)
WHOLE = ("<tool_call>", "</tool_call>", "<think>", "</think>")
