"""Writes every mutant of a file into it, each behind its number: one build holds all of them."""


def applied(text, mutants):
    places = {}
    for mutant in mutants:
        for start, end, kind, instead in mutant.edits:
            places.setdefault((start, end), []).append((mutant.number, kind, instead))
    order = sorted(places, key=lambda place: (place[0], -place[1]))

    def rendered(begin, end, inside):
        """text[begin:end) with the places of `inside`, which are nested or apart, applied."""
        out, at, i = [], begin, 0
        while i < len(inside):
            start, stop = inside[i]
            if start < at:
                raise ValueError(f'places overlap at {text[start:stop]!r}')
            j = i + 1
            while j < len(inside) and inside[j][0] < stop:
                if inside[j][1] > stop:
                    raise ValueError(f'places overlap at {text[start:stop]!r}')
                j += 1
            out.append(text[at:start])
            out.append(wrapped(rendered(start, stop, inside[i + 1:j]), places[start, stop]))
            at, i = stop, j
        out.append(text[at:end])
        return ''.join(out)

    return rendered(0, len(text), order)


def wrapped(original, alternatives):
    kind = alternatives[0][1]
    if kind == 'guard':
        return alternatives[0][2].replace('@', f'::mica::mutant({alternatives[0][0]})')
    if any(each == 'condition' for _, each, _ in alternatives):  # it may only be converted to bool
        original = f'static_cast<bool>({original})'
    if kind in ('expression', 'condition'):
        tests = ''.join(f'::mica::mutant({number}) ? ({instead}) : ' for number, _, instead in alternatives)
        return f'({tests}({original}))'
    tests = ''.join(f'if (::mica::mutant({number})) {{ {instead} }} else ' for number, _, instead in alternatives)
    return f'{{ {tests}{{ {original} }} }}'
