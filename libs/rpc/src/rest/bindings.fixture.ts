import { create, createFileRegistry, setExtension } from '@bufbuild/protobuf';
import type { DescService, MessageInitShape } from '@bufbuild/protobuf';
import {
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FileDescriptorProtoSchema,
  MethodOptionsSchema,
} from '@bufbuild/protobuf/wkt';
import type { FieldDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { http } from '@tutti/proto/google/api/annotations';
import { HttpRuleSchema } from '@tutti/proto/google/api/http';

type Rule = MessageInitShape<typeof HttpRuleSchema>;

type Field = MessageInitShape<typeof FieldDescriptorProtoSchema>;

const types = ['STRING', 'BOOL', 'INT32', 'UINT32', 'DOUBLE', 'BYTES'] as const;

const scalars: Field[] = types.map((type, at) => ({
  name: `${type.toLowerCase()}_value`,
  number: at + 1,
  label: Label.OPTIONAL,
  type: Type[type],
}));

const colour = { type: Type.ENUM, typeName: '.test.Colour' };
const inner = { type: Type.MESSAGE, typeName: '.test.Inner' };

const fields: Field[] = [
  ...scalars,
  { name: 'names', number: 11, label: Label.REPEATED, type: Type.STRING },
  { name: 'numbers', number: 12, label: Label.REPEATED, type: Type.INT32 },
  { name: 'colour', number: 13, label: Label.OPTIONAL, ...colour },
  { name: 'colours', number: 14, label: Label.REPEATED, ...colour },
  { name: 'inner', number: 15, label: Label.OPTIONAL, ...inner },
  { name: 'inners', number: 16, label: Label.REPEATED, ...inner },
];

/** As a compiler does it. */
function withJsonName(field: Field): Field {
  return { ...field, jsonName: field.name!.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase()) };
}

/** A service with one method, whose request and answer are a message with fields of every kind. */
export function serviceWith(rule: Rule, method: { clientStreaming?: boolean; serverStreaming?: boolean } = {}) {
  const options = create(MethodOptionsSchema);
  setExtension(options, http, create(HttpRuleSchema, rule));
  const file = create(FileDescriptorProtoSchema, {
    name: 'test.proto',
    package: 'test',
    syntax: 'proto3',
    enumType: [
      {
        name: 'Colour',
        value: ['UNSPECIFIED', 'RED', 'GREEN'].map((name, number) => ({ name: `COLOUR_${name}`, number })),
      },
    ],
    messageType: [
      {
        name: 'Inner',
        field: [
          { name: 'text_value', number: 1, label: Label.OPTIONAL, type: Type.STRING },
          { name: 'colour', number: 2, label: Label.OPTIONAL, ...colour },
          { name: 'inner', number: 3, label: Label.OPTIONAL, ...inner },
        ].map(withJsonName),
      },
      { name: 'All', field: fields.map(withJsonName) },
    ],
    service: [
      { name: 'Test', method: [{ name: 'Do', inputType: '.test.All', outputType: '.test.All', options, ...method }] },
    ],
  });
  return createFileRegistry(file, () => undefined).getService('test.Test') as DescService;
}
