/** TensorProto.DataType, as numbers and as the names that graphs use. */
export const FLOAT = 1, UINT8 = 2, INT8 = 3, UINT16 = 4, INT16 = 5, INT32 = 6, INT64 = 7, STRING = 8, BOOL = 9, FLOAT16 = 10, DOUBLE = 11, UINT32 = 12, UINT64 = 13, BFLOAT16 = 16;

const NAMES: Readonly<Record<number, string>> = {
  1: 'float32', 2: 'uint8', 3: 'int8', 4: 'uint16', 5: 'int16', 6: 'int32', 7: 'int64', 8: 'string', 9: 'bool', 10: 'float16', 11: 'float64', 12: 'uint32', 13: 'uint64',
  14: 'complex64', 15: 'complex128', 16: 'bfloat16', 17: 'float8e4m3fn', 18: 'float8e4m3fnuz', 19: 'float8e5m2', 20: 'float8e5m2fnuz', 21: 'uint4', 22: 'int4', 23: 'float4e2m1',
};

export const dataTypeName = (dataType: number | undefined): string | undefined => (dataType === undefined ? undefined : NAMES[dataType]);

export const isFloat = (dataType: number | undefined): boolean | undefined =>
  dataType === undefined ? undefined : dataType === FLOAT || dataType === FLOAT16 || dataType === DOUBLE || dataType === BFLOAT16;
