/** What the arguments of `trefoil kv` are, in its help. */
export const NAMESPACE = 'a namespace, see `trefoil namespace`';
export const KEY = 'a key: up to 128 visible ASCII characters, such as orders/2027/17';
export const SET = 'the key of a set';
export const COUNTER = 'the key of a counter';
