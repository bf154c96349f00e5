"""Where operators apply: reads the sources' AST (libclang) and gives each mutant a number and a name.

A mutant is a list of edits (start, end, kind, text): what stands at [start, end) instead. Kind is 'expression',
'condition' (an expression that is converted to bool), 'guard' or 'statement'. Names are (file, function, operator, the
line's text, how often that came before): they survive edits elsewhere in the file.
"""
import os
import re
from dataclasses import dataclass, field

from clang import cindex
from clang.cindex import CursorKind as K

GUARDS = ('RaiseToDispatch', 'RaiseToHigh', 'SpinGuard', 'SpinGuardAtDispatch', 'ObjectGuard')
# Checks of Debug builds: empty in the build that is run.
DEBUG_ONLY = ('rank_acquired', 'rank_released', 'may_repeat', 'assert_held', 'MICA_ASSERT')
INVERSE = {'==': '!=', '!=': '==', '<': '>=', '>=': '<', '>': '<=', '<=': '>'}
BOUNDARY = {'<': '<=', '<=': '<', '>': '>=', '>=': '>'}
ATOMIC = {'load': 'acquire', 'store': 'release', 'exchange': 'acq_rel', 'compare_exchange_strong': 'acq_rel',
          'compare_exchange_weak': 'acq_rel', 'fetch_add': 'acq_rel', 'fetch_sub': 'acq_rel', 'fetch_or': 'acq_rel',
          'fetch_and': 'acq_rel'}
FLIPPED = {'true': 'false', 'false': 'true', 'TRUE': 'FALSE', 'FALSE': 'TRUE',
           'STATUS_SUCCESS': 'STATUS_UNSUCCESSFUL', 'nullptr': None, '0': None}
LOOPS = (K.FOR_STMT, K.CXX_FOR_RANGE_STMT, K.WHILE_STMT, K.DO_STMT)
FUNCTIONS = (K.FUNCTION_DECL, K.CXX_METHOD, K.CONSTRUCTOR, K.DESTRUCTOR, K.FUNCTION_TEMPLATE, K.CONVERSION_FUNCTION)


@dataclass
class Mutant:
    file: str
    line: int
    function: str
    operator: str
    text: str    # of the line
    change: str  # what becomes of what, for people
    edits: list = field(default_factory=list)
    nth: int = 0
    number: int = 0

    @property
    def name(self):
        return (self.file, self.function, self.operator, self.text, str(self.nth))


def matching(text, at):
    """The offset after the bracket that closes the one at `at`; strings and comments hold none here."""
    depth = 0
    while at < len(text):
        if text[at] in '([{':
            depth += 1
        elif text[at] in ')]}':
            depth -= 1
            if depth == 0:
                return at + 1
        at += 1
    raise ValueError('unbalanced')


def squeezed(text):
    return re.sub(r'\s+', ' ', text).strip()


def without_comments(text):
    return re.sub(r'//[^\n]*', '', text)


def split_arguments(text):
    parts, depth, last = [], 0, 0
    for i, c in enumerate(text):
        depth += c in '([{'
        depth -= c in ')]}'
        if c == ',' and depth == 0:
            parts.append(text[last:i])
            last = i + 1
    parts.append(text[last:])
    return [part.strip() for part in parts if part.strip()]


class Finder:
    """The mutants of one file, in the order of their places."""

    def __init__(self, path, text):
        self.path, self.text = path, text
        self.mutants, self.seen = [], set()

    def span(self, cursor):
        start, end = cursor.extent.start, cursor.extent.end
        if not start.file or not os.path.samefile(start.file.name, self.absolute):
            return None
        return (start.offset, end.offset) if start.offset < end.offset else None

    def add(self, operator, edits, change):
        start, end = edits[0][0], edits[0][1]
        key = (operator, tuple(edits))
        if key in self.seen:
            return
        self.seen.add(key)
        begin = self.text.rfind('\n', 0, start) + 1
        line = squeezed(self.text[begin:self.text.find('\n', start)])
        self.mutants.append(Mutant(self.path, self.text.count('\n', 0, start) + 1, self.function, operator, line,
                                   squeezed(change), list(edits)))

    def expression(self, operator, start, end, text):
        self.add(operator, [(start, end, 'expression', text)], f'{self.text[start:end]} -> {text}')

    def find(self, unit, absolute):
        self.absolute, self.function = absolute, ''
        self.declarations(unit.cursor)
        return self.mutants

    def declarations(self, cursor):
        for child in cursor.get_children():
            if child.location.file and not os.path.samefile(child.location.file.name, self.absolute):
                continue
            if child.kind in FUNCTIONS:
                self.function_body(child)
            elif child.kind in (K.NAMESPACE, K.STRUCT_DECL, K.CLASS_DECL, K.CLASS_TEMPLATE, K.UNEXPOSED_DECL,
                                K.LINKAGE_SPEC):
                self.declarations(child)

    def function_body(self, function):
        if function.spelling in DEBUG_ONLY:
            return
        for child in function.get_children():
            if child.kind == K.COMPOUND_STMT and self.span(child):
                owner = function.semantic_parent
                named = owner is not None and owner.kind in (K.STRUCT_DECL, K.CLASS_DECL, K.CLASS_TEMPLATE)
                self.function = (owner.spelling + '::' if named else '') + function.spelling
                self.function = re.sub(r'<.*', '', self.function)
                self.returns = [function.result_type]
                self.walk(child)

    # -- statements

    def walk(self, cursor):
        """Everything below a cursor; statements are told from expressions by where they stand."""
        kind = cursor.kind
        if kind == K.DO_STMT and not self.text.startswith('do', cursor.extent.start.offset):
            return  # a macro's
        children = list(cursor.get_children())
        slots = []
        if kind == K.COMPOUND_STMT:
            slots = children
        elif kind == K.IF_STMT:
            slots = self.if_statement(cursor, children)
        elif kind in LOOPS:
            slots = self.loop(cursor, children)
        elif kind in (K.CASE_STMT, K.DEFAULT_STMT) and children:
            slots = children[-1:]
        elif kind == K.UNEXPOSED_STMT and children:  # has an attribute
            slots = children[-1:]
        elif kind == K.CONDITIONAL_OPERATOR and len(children) == 3:
            self.condition(children[0])
        elif kind == K.LAMBDA_EXPR:
            self.returns.append(None)
        if kind == K.BINARY_OPERATOR or kind == K.CALL_EXPR:
            self.operators(cursor, children)
        if kind == K.CALL_EXPR:
            self.atomic(cursor)
        if kind == K.RETURN_STMT and children:
            self.constants(cursor, children[0])
        previous = None
        for slot in slots:
            previous = self.statement(slot, previous)
        for child in children:
            if child.kind == K.DECL_STMT and self.unchangeable(child):
                continue
            self.walk(child)
        if kind == K.LAMBDA_EXPR:
            self.returns.pop()

    def unchangeable(self, declaration):
        span = self.span(declaration)
        return span is None or re.match(r'(static|constexpr|using|static_assert)\b', self.text[span[0]:span[1]])

    def statement(self, cursor, previous):
        """A place where a statement stands. Its span if it is a plain one, for the next to swap with."""
        span = self.span(cursor)
        if span is None:
            return None
        start, end = span
        if cursor.kind == K.DECL_STMT:
            self.guard(start, end)
            return None
        if not cursor.kind.is_expression():
            return None
        end = self.text.index(';', end) + 1
        raw = self.text[start:end]
        callee = re.match(r'(?:static_cast<void>\()?[\w.>\-:\[\]]*?(\w+)\s*[(]', raw)
        name = callee.group(1) if callee else ''
        if name in DEBUG_ONLY or raw.startswith('__builtin_unreachable'):
            return None
        self.add(self.kind_of(name, raw), [(start, end, 'statement', '')], f'{raw} -> nothing')
        if previous and (re.search(r'unlock', name) or re.search(r'\.store\(|^set_state\(', raw)
                         or re.search(r'unlock', self.text[previous[0]:previous[1]])):
            before = self.text[previous[0]:previous[1]]
            operator = 'swap-unlock' if 'unlock' in raw + before else 'publish-early'
            self.add(operator, [(previous[0], previous[1], 'statement', raw + ' ' + before),
                                (start, end, 'statement', '')], f'{before} {raw} -> {raw} {before}')
        return (start, end)

    @staticmethod
    def kind_of(name, raw):
        if re.match(r'lock_object|lock_at_dispatch|unlock_|lock_all', name):
            return 'drop-lock'
        if name.startswith('list_') or name in ('unlink', 'remove'):
            return 'drop-list'
        if name in ('request_dispatch', 'send_ipi', 'request_reschedule', 'kick_lower_processor', 'arm_clock'):
            return 'drop-interrupt'
        return 'drop-call' if name else 'drop-assignment'

    def guard(self, start, end):
        raw = self.text[start:end]
        match = re.match(r'(\w+)\s+(\w+)\s*(?:\{(.*)\})?;$', raw, re.S)
        if not match or match.group(1) not in GUARDS:
            return
        kind, name, argument = match.groups()
        made = f'{kind}{{{argument}}}' if argument else f'{kind}{{}}'
        rest = f', {argument}' if argument else ''
        # No text of its own: the declaration is replaced by one that asks whether to act.
        self.add('drop-lock' if argument else 'drop-raise',
                 [(start, end, 'guard', f'::mica::MutantGuard<decltype({made})> {name}{{@{rest}}};')],
                 f'{raw} -> nothing')

    def if_statement(self, cursor, children):
        span = self.span(cursor)
        if span is None:
            return []
        opening = self.text.index('(', span[0])
        closing = matching(self.text, opening)
        slots = [child for child in children if self.span(child) and self.span(child)[0] >= closing]
        conditions = [child for child in children if child.kind.is_expression() and self.span(child)
                      and self.span(child)[1] < closing]
        declares = any(child.kind in (K.VAR_DECL, K.DECL_STMT) for child in children if child not in slots)
        if declares and ';' not in self.text[opening:closing]:
            return slots
        if conditions:
            self.condition(conditions[-1])
            if len(slots) == 1 and self.leaves(slots[0]):
                start, end = self.span(conditions[-1])
                self.expression('skip-recheck', start, end, 'false')
        return slots

    def leaves(self, slot):
        start, end = self.span(slot)
        return re.search(r'(^|[;{\s])(return|continue|break)\b[^;]*;?\s*\}?$', without_comments(self.text[start:end]))

    def loop(self, cursor, children):
        if cursor.kind == K.DO_STMT:
            if self.span(children[1]):
                self.condition(children[1])
                self.expression('skip-recheck', *self.span(children[1]), 'false')
            return children[:1]
        if cursor.kind == K.WHILE_STMT and children[0].kind.is_expression() and self.span(children[0]):
            self.condition(children[0])
            self.expression('skip-recheck', *self.span(children[0]), 'false')
        return children[-1:]

    def condition(self, cursor):
        """Negates what the comparisons' operator does not."""
        span = self.span(cursor)
        if span is None or self.operator_of(cursor)[0] or self.text[span[0]:span[1]] in ('true', 'false'):
            return
        text = self.text[span[0]:span[1]]
        self.add('invert', [(*span, 'condition', f'!({text})')], f'{text} -> !({text})')

    # -- expressions

    def operator_of(self, cursor):
        while cursor.kind in (K.UNEXPOSED_EXPR, K.PAREN_EXPR):
            inner = list(cursor.get_children())
            if len(inner) != 1:
                return None, None, None
            cursor = inner[0]
        children = list(cursor.get_children())
        if cursor.kind == K.BINARY_OPERATOR and len(children) == 2:
            left, right = self.span(children[0]), self.span(children[1])
            if left and right and left[1] <= right[0]:
                token = without_comments(self.text[left[1]:right[0]]).strip()
                return token, left, right
        return None, None, None

    def operators(self, cursor, children):
        if cursor.kind != K.BINARY_OPERATOR:
            return
        token, left, right = self.operator_of(cursor)
        span = self.span(cursor)
        if span is None or (left and span[0] > left[0]):
            return
        if token in INVERSE:
            a, b = self.text[left[0]:left[1]], self.text[right[0]:right[1]]
            self.expression('invert', span[0], span[1], f'({a} {INVERSE[token]} {b})')
            if token in BOUNDARY:
                self.expression('boundary', span[0], span[1], f'({a} {BOUNDARY[token]} {b})')
        elif token in ('&&', '||'):
            for side in (left, right):
                self.expression('skip-recheck', span[0], span[1], self.text[side[0]:side[1]])

    def atomic(self, cursor):
        span = self.span(cursor)
        if span is None:
            return
        raw = self.text[span[0]:span[1]]
        if not raw.endswith(')'):
            return
        depth, at = 0, len(raw) - 1
        while at >= 0:
            depth += raw[at] == ')'
            depth -= raw[at] == '('
            if depth == 0:
                break
            at -= 1
        match = re.search(r'\.\s*(\w+)$', raw[:at])
        if not match or match.group(1) not in ATOMIC:
            return
        arguments = split_arguments(without_comments(raw[at + 1:-1]))
        orders = [a for a in arguments if a.startswith('std::memory_order_')]
        values = [a for a in arguments if not a.startswith('std::memory_order_')]
        if orders and orders[0] == 'std::memory_order_relaxed':
            return

        def ordered(order):
            return f'{raw[:at]}({", ".join(values + ["std::memory_order_" + order])})'
        self.expression('weaken-order', span[0], span[1], ordered('relaxed'))
        if not orders:
            self.expression('weaken-total', span[0], span[1], ordered(ATOMIC[match.group(1)]))

    @staticmethod
    def is_zero(value):
        """An enumerator that is 0: the constant is the same."""
        named = value.referenced
        return named is not None and named.kind == K.ENUM_CONSTANT_DECL and named.enum_value == 0

    def constants(self, cursor, value):
        start, end = self.span(cursor) or (None, None)
        if start is None or not self.text.startswith('return', start):
            return
        raw = squeezed(self.text[start + len('return'):end])
        if self.is_zero(value):
            return
        end = self.text.index(';', end) + 1
        declared = self.returns[-1]
        spelled = declared.spelling if declared is not None else ''
        kind = declared.get_canonical().spelling if declared is not None else ''
        if '&' in spelled or 'atomic_ref' in kind or raw in ('', 'this') or not raw:
            return
        if kind == 'void':
            self.add('drop-call', [(start, end, 'statement', 'return;')], f'{self.text[start:end]} -> return;')
            return
        constants = ['{}'] if raw.startswith('{') or declared is not None else \
            [f'std::remove_cvref_t<decltype({raw})>{{}}']
        if raw in FLIPPED:
            constants = [FLIPPED[raw]]
        elif kind == 'bool':
            constants = ['false', 'true']
        elif spelled == 'BOOLEAN' or spelled == 'LOGICAL':
            constants = ['FALSE', 'TRUE']
        for constant in constants:
            if constant not in (None, raw):
                self.add('return-constant', [(start, end, 'statement', f'return {constant};')],
                         f'{self.text[start:end]} -> return {constant};')


def mutants_of(root, folder):
    """All mutants of src/FOLDER below `root`, numbered from 1."""
    arguments = ['-x', 'c++', '-std=gnu++20', '-DNDEBUG', f'-I{root}/include', f'-I{root}/src',
                 f'-I{root}/src/hal_host', '-Wno-everything']
    path = os.path.join(root, 'src', folder)
    names = sorted(os.listdir(path))
    units, found = {}, []
    index = cindex.Index.create()
    for name in (n for n in names if n.endswith(('.cpp', '.hpp'))):
        absolute = os.path.join(path, name)
        unit = index.parse(absolute, args=arguments)
        errors = [d for d in unit.diagnostics if d.severity >= cindex.Diagnostic.Error]
        if errors:
            raise SystemExit(f'{name}: {errors[0]}')
        with open(absolute, encoding='utf-8') as file:
            text = file.read()
        assert text.isascii(), f'{name}: offsets are bytes'
        found += Finder(f'src/{folder}/{name}', text).find(unit, absolute)
    count = {}
    for mutant in found:
        key = mutant.name[:4]
        mutant.nth = count[key] = count.get(key, 0) + 1
    return found
